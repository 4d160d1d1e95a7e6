/** Rebuilds `token.json` from `token.sol`: `node --import tsx e2e/chain/compile.ts`. A test compares the two. */
import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import solc from "solc";
import type { Abi } from "viem";
import type { TokenArtifact } from "./token";

interface SolcOutput {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<
    string,
    Record<string, { abi: Abi; evm: { bytecode: { object: string }; deployedBytecode: { object: string } } }>
  >;
}

/** Where the committed artifact lies. */
export const artifactPath = fileURLToPath(new URL("./token.json", import.meta.url));

/** Compiles `token.sol` in memory. Throws with solc's words when it does not compile without a warning. */
export function compileToken(): TokenArtifact {
  const source = readFileSync(new URL("./token.sol", import.meta.url), "utf8");
  const input = {
    language: "Solidity",
    sources: { "token.sol": { content: source } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
      // Without the metadata hash the bytecode depends on nothing but the code, so comments can change freely.
      metadata: { appendCBOR: false, bytecodeHash: "none" },
      // Understood by every hardfork that the nodes under test run.
      evmVersion: "paris",
      outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as SolcOutput;
  if (output.errors?.length) throw new Error(output.errors.map((error) => error.formattedMessage).join("\n"));
  const contract = output.contracts?.["token.sol"]?.Token;
  if (!contract) throw new Error("solc gave no contract named Token");
  return {
    compiler: String(solc.version()),
    abi: contract.abi,
    creationBytecode: `0x${contract.evm.bytecode.object}`,
    runtimeBytecode: `0x${contract.evm.deployedBytecode.object}`,
  };
}

if (argv[1] && import.meta.url === pathToFileURL(argv[1]).href) {
  writeFileSync(artifactPath, `${JSON.stringify(compileToken(), null, 2)}\n`);
  console.log(`wrote ${artifactPath}`);
}
