"use client";

import { useEffect, useRef, useState } from "react";
import { readTestKey } from "./test-key";

type Scalar = {
  createApiReference(element: Element, options: Record<string, unknown>): { destroy(): void };
};

const PROGRAM = "/reference/scalar.js";

/** The interactive reference. Its program comes from this server and talks to this server only. */
export function ApiReference() {
  const place = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let reference: { destroy(): void } | undefined;
    let isGone = false;
    load().then(
      (scalar) => {
        if (place.current && !isGone) reference = scalar.createApiReference(place.current, options());
      },
      () => setFailed(true),
    );
    return () => {
      isGone = true;
      reference?.destroy();
    };
  }, []);
  if (failed) {
    return (
      <p className="mx-auto max-w-2xl px-6 py-16 leading-6">
        The interactive reference is not part of this installation: it was built without development packages. The{" "}
        <a href="/docs/api" className="text-accent underline underline-offset-4">
          documentation
        </a>{" "}
        has every endpoint.
      </p>
    );
  }
  return <div ref={place} />;
}

/** Nothing is asked of anybody else: no fonts, no proxy, no telemetry, none of the services that its makers offer. */
function options(): Record<string, unknown> {
  return {
    url: "/api/v1/openapi.json",
    baseServerURL: location.origin,
    servers: [{ url: `${location.origin}/api/v1` }],
    withDefaultFonts: false,
    telemetry: false,
    hideClientButton: true,
    showDeveloperTools: "never",
    agent: { disabled: true },
    mcp: { disabled: true },
    persistAuth: false,
    metaData: { title: "API reference · USDT gateway" },
    authentication: {
      preferredSecurityScheme: "apiKey",
      securitySchemes: { apiKey: { token: readTestKey() ?? "" } },
    },
    customCss:
      ":root { --scalar-font: var(--font-sans); --scalar-font-code: var(--font-mono); --scalar-custom-header-height: 57px; }",
  };
}

function load(): Promise<Scalar> {
  return new Promise((resolve, reject) => {
    const known = (window as { Scalar?: Scalar }).Scalar;
    if (known) return resolve(known);
    const script = document.createElement("script");
    script.src = PROGRAM;
    script.onerror = () => reject(new Error("it could not be loaded"));
    script.onload = () => {
      const { Scalar: loaded } = window as { Scalar?: Scalar };
      if (loaded) resolve(loaded);
      else reject(new Error("it is empty"));
    };
    document.head.append(script);
  });
}
