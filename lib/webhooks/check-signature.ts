/**
 * Why a webhook's signature is refused: computes what it should be, and what it would be after each of the usual mistakes, and
 * says which of them was made. Pure and for browsers too: the secret stays where it was typed.
 */

export type SignatureCheckInput = {
  /** The body as the receiver got it, or what it made of it. */
  body: string;
  /** Header lines (`name: value`), or a bare signature. */
  headers: string;
  secret: string;
  /** The bytes that we sent under the delivery's id, where they are known. */
  sentBody?: string | null;
  nowSeconds: number;
};

export type Finding = {
  /** `ok`: nothing to do; `mistake`: this is why it is refused; `note`: worth knowing. */
  level: "ok" | "mistake" | "note";
  code: string;
  title: string;
  /** What to do, in a sentence or two. */
  advice: string;
};

/** Standard Webhooks' libraries refuse what is older or newer than this. */
const TOLERANCE_SECONDS = 300;
const PREFIX = "whsec_";

type Given = {
  /** From `X-Webhook-Signature`, or bare. */
  simple: string | null;
  /** From `webhook-signature`: without their `v1,`. */
  standard: string[];
  id: string | null;
  timestamp: string | null;
  reference: string | null;
};

/** A form that a body can have taken on the way. The first is the body as given. */
type BodyForm = { code: string; title: string; advice: string; text: string };
type Key = { code: string; title: string; advice: string; bytes: Uint8Array };

/** @returns what was found, the answer first. Never throws. */
export async function checkSignature(input: SignatureCheckInput): Promise<Finding[]> {
  const given = readHeaders(input.headers);
  const secret = input.secret.trim();
  const missing = whatIsMissing(input, given, secret);
  if (missing) return [missing];
  const notes = [...secretNotes(input.secret), ...timestampNotes(given, input.nowSeconds)];
  const verdicts = [
    ...(given.simple === null ? [] : [await judgeSimple(given.simple, given, input, secret)]),
    ...(given.standard.length === 0 ? [] : [await judgeStandard(given, input, secret)]),
  ];
  const found = verdicts.flat();
  const mistakes = dedupe(found.filter((finding) => finding.level === "mistake"));
  // What explains a signature explains the other one too.
  const explained = mistakes.filter((finding) => finding.code !== "wrong_secret");
  const oks = found.filter((finding) => finding.level === "ok");
  const answer = explained.length > 0 ? explained : mistakes.length > 0 ? mistakes : dedupe(oks);
  const others = explained.length > 0 || mistakes.length > 0 ? dedupe(oks) : [];
  return [...answer, ...others, ...dedupe([...notes, ...found.filter((finding) => finding.level === "note")])];
}

const mistake = (code: string, title: string, advice: string): Finding => ({ level: "mistake", code, title, advice });
const note = (code: string, title: string, advice: string): Finding => ({ level: "note", code, title, advice });
const dedupe = (findings: Finding[]) =>
  findings.filter((finding, i) => findings.findIndex((other) => other.code === finding.code) === i);

function whatIsMissing(input: SignatureCheckInput, given: Given, secret: string): Finding | null {
  if (input.body === "") return mistake("no_body", "The body is missing", "Paste the request's body as it came in.");
  if (given.simple === null && given.standard.length === 0) {
    return mistake(
      "no_signature",
      "There is no signature among the headers",
      "Paste the line X-Webhook-Signature, or the three lines webhook-id, webhook-timestamp and webhook-signature.",
    );
  }
  if (secret === "") {
    return mistake(
      "no_secret",
      "The secret is missing",
      "It begins with whsec_ and stands under Developers, Webhooks.",
    );
  }
  return null;
}

/** Header lines in any case and order; a single line without a name is a signature. */
export function readHeaders(text: string): Given {
  const given: Given = { simple: null, standard: [], id: null, timestamp: null, reference: null };
  for (const line of text.split(/\r?\n/)) {
    const [, name = "", value = ""] = /^\s*["']?([A-Za-z][A-Za-z0-9_-]*)["']?\s*[:=]\s*(.*)$/.exec(line) ?? [];
    const clean = (part: string) =>
      part
        .trim()
        .replace(/^["']|["'],?$/g, "")
        .trim();
    // Frameworks write X-Webhook-Signature as HTTP_X_WEBHOOK_SIGNATURE or x_webhook_signature.
    const key = name
      .toLowerCase()
      .replaceAll("_", "-")
      .replace(/^http-/, "");
    const body = clean(value);
    if (key === "x-webhook-signature") given.simple = body;
    else if (key === "webhook-signature") given.standard = signaturesOf(body);
    else if (key === "webhook-id" || (key === "x-webhook-id" && given.id === null)) given.id = body;
    else if (key === "webhook-timestamp") given.timestamp = body;
    else if (key === "x-invoice-reference") given.reference = body;
    else if (line.trim() !== "" && isBare(clean(line))) {
      if (clean(line).startsWith("v1,")) given.standard = signaturesOf(clean(line));
      else given.simple ??= clean(line);
    }
  }
  return given;
}

const isBare = (text: string) => /^(v1,|sha256=)?[A-Za-z0-9+/_=-]{40,}( v1,\S+)*$/.test(text);
const signaturesOf = (text: string) =>
  text
    .split(/\s+/)
    .filter(Boolean)
    .map((part) => part.replace(/^v1,/, ""));

function secretNotes(typed: string): Finding[] {
  if (typed === typed.trim()) return [];
  return [
    note(
      "secret_white_space",
      "The secret was pasted with white space around it",
      "It was left out here. Make sure that your configuration does not carry it: a line break at the end of a file is part of the value.",
    ),
  ];
}

function timestampNotes(given: Given, nowSeconds: number): Finding[] {
  if (given.timestamp === null) return [];
  const sent = Number(given.timestamp);
  if (!/^\d{9,11}$/.test(given.timestamp)) {
    return [
      note("timestamp_form", "webhook-timestamp is not in seconds", "We send seconds since 1970, such as 1705329000."),
    ];
  }
  const age = nowSeconds - sent;
  if (Math.abs(age) <= TOLERANCE_SECONDS) return [];
  const minutes = Math.round(Math.abs(age) / 60);
  return [
    note(
      "timestamp_old",
      age > 0 ? `This attempt was sent ${minutes} minutes ago` : `This attempt is dated ${minutes} minutes ahead`,
      "Libraries of Standard Webhooks refuse what is more than 5 minutes off. A re-send carries a new timestamp; if new webhooks are refused too, the clock of your server is wrong.",
    ),
  ];
}

/** The header keyed with the secret as it is shown, over the body alone. */
async function judgeSimple(
  signature: string,
  given: Given,
  { body, sentBody }: SignatureCheckInput,
  secret: string,
): Promise<Finding[]> {
  const bare = signature.replace(/^sha256=/, "");
  for (const form of bodyForms(body, sentBody)) {
    for (const key of keys(secret, "simple")) {
      for (const message of messages(form.text, given, "simple")) {
        const mac = await hmac(key.bytes, message.text);
        const encoding = encodingOf(bare, mac, "simple");
        if (!encoding) continue;
        return verdict("simple", [form, key, message, encoding, ...(bare === signature ? [] : [PREFIXED])]);
      }
    }
  }
  return [unexplained(given, body, secret)];
}

/** The header of Standard Webhooks: keyed with the decoded bytes, over id, timestamp and body. */
async function judgeStandard(
  given: Given,
  { body, sentBody }: SignatureCheckInput,
  secret: string,
): Promise<Finding[]> {
  const lacking = [given.id === null && "webhook-id", given.timestamp === null && "webhook-timestamp"].filter(Boolean);
  if (lacking.length > 0) {
    return [
      note(
        "headers_missing",
        `${lacking.join(" and ")} ${lacking.length === 1 ? "is" : "are"} missing`,
        "webhook-signature covers the id, the timestamp and the body: paste all three lines to have it checked.",
      ),
    ];
  }
  for (const [place, signature] of given.standard.entries()) {
    for (const form of bodyForms(body, sentBody)) {
      for (const key of keys(secret, "standard")) {
        for (const message of messages(form.text, given, "standard")) {
          const encoding = encodingOf(signature, await hmac(key.bytes, message.text), "standard");
          if (!encoding) continue;
          const right = verdict("standard", [form, key, message, encoding]);
          return place === 0 || right[0]?.level !== "ok" ? right : [PREVIOUS_SECRET];
        }
      }
    }
  }
  return [unexplained(given, body, secret)];
}

const PREVIOUS_SECRET = note(
  "previous_secret",
  "This is the previous secret: a rotation's grace period is running",
  "webhook-signature carries both secrets until it ends, X-Webhook-Signature only the new one. Take the new secret into use now.",
);
const PREFIXED = {
  code: "prefixed",
  title: "The signature has sha256= before it",
  advice: "X-Webhook-Signature is bare hexadecimal. Compare without a prefix.",
};

const NAMES = { simple: "X-Webhook-Signature", standard: "webhook-signature" };

function verdict(header: "simple" | "standard", parts: { code: string; title: string; advice: string }[]): Finding[] {
  const wrong = parts.filter((part) => part.code !== "");
  if (wrong.length > 0) return wrong.map(({ code, title, advice }) => mistake(code, title, advice));
  return [
    {
      level: "ok",
      code: `ok_${header}`,
      title: `${NAMES[header]} fits this body and this secret`,
      advice:
        "The webhook is genuine. If your code refuses it, it computes something else: paste what it computed in place of the header to be told what.",
    },
  ];
}

const RIGHT = { code: "", title: "", advice: "" };

function bodyForms(body: string, sentBody: string | null | undefined): BodyForm[] {
  const forms: BodyForm[] = [{ ...RIGHT, text: body }];
  const add = (text: string | null | undefined, code: string, title: string, advice: string) => {
    if (text != null && text !== "" && forms.every((form) => form.text !== text))
      forms.push({ code, title, advice, text });
  };
  const raw = "Verify the raw bytes of the request, before anything parses or changes them.";
  add(body.replace(/^\uFEFF/, ""), "bom", "The body begins with a byte order mark that we did not send", raw);
  add(body.replace(/(\r?\n)+$/, ""), "trailing_newline", "The body ends in a line break that we did not send", raw);
  add(body.trim(), "white_space", "The body has white space around it that we did not send", raw);
  add(
    compact(body),
    "reserialized",
    "The body was parsed and printed again, with other spaces, escapes or order than it was sent with",
    `${raw} In Express that is express.raw(), in Next.js await request.text().`,
  );
  if (sentBody != null && eventOf(sentBody) !== null && eventOf(body) !== null && eventOf(sentBody) !== eventOf(body)) {
    add(sentBody, "other_delivery", ...OTHER_DELIVERY(referenceOf(sentBody)));
  } else {
    add(
      sentBody,
      "other_body",
      "The body is not the one that we sent with these headers",
      `We sent ${describeDifference(sentBody ?? "", body)}. ${raw}`,
    );
  }
  return forms;
}

const OTHER_DELIVERY = (reference: string | null): [title: string, advice: string] => [
  "The headers belong to another delivery than the body",
  `Under this webhook-id we sent an event of the invoice ${reference}. Take both from the same request.`,
];

/** How JSON looks as we send it; null where the text is none. */
function compact(body: string): string | null {
  try {
    const value: unknown = JSON.parse(body.replace(/^\uFEFF/, ""));
    return JSON.stringify(ordered(value));
  } catch {
    return null;
  }
}

/** The order in which webhooks name their fields: what some languages sort by the alphabet. */
const FIELDS = [
  "invoice_reference",
  "merchant_id",
  "status",
  "asset_code",
  "payout_address",
  "amount_usdt_exact",
  "tx_hash",
  "metadata",
  "paid_at",
  "type",
  "event_id",
  "invoice_id",
  "is_test",
  "created_at",
  "resolution",
];

function ordered(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const place = (name: string) => (FIELDS.includes(name) ? FIELDS.indexOf(name) : FIELDS.length);
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => place(a) - place(b)));
}

function describeDifference(sent: string, got: string): string {
  let at = 0;
  while (at < sent.length && sent[at] === got[at]) at++;
  const excerpt = sent.slice(Math.max(0, at - 12), at + 24);
  return `${sent.length} characters, this has ${got.length}; they part at character ${at + 1}, where we sent “${excerpt}”`;
}

function keys(secret: string, header: "simple" | "standard"): Key[] {
  const text = (value: string) => new TextEncoder().encode(value);
  const rest = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const whole = PREFIX + rest;
  const decoded = decodeBase64(rest);
  const found: Key[] = [];
  const unprefixed = {
    code: "prefix_missing",
    title: "The secret was used without whsec_ at its beginning",
    advice: "For X-Webhook-Signature the key is the whole secret as it is shown, whsec_ included.",
  };
  const quoted = {
    code: "prefix_missing",
    title: "The secret lacks whsec_ at its beginning",
    advice: "The secret as we show it begins with whsec_. Store and use all of it.",
  };
  if (header === "simple") {
    found.push({ ...(secret === whole ? RIGHT : quoted), bytes: text(whole) });
    found.push({ ...unprefixed, bytes: text(rest) });
    if (decoded) {
      found.push({
        code: "decoded_secret",
        title: "X-Webhook-Signature was computed with the decoded secret",
        advice:
          "Its key is the secret's text, whsec_ included. Only webhook-signature is keyed with the bytes behind the base64.",
        bytes: decoded,
      });
    }
  } else {
    if (decoded) found.push({ ...RIGHT, bytes: decoded });
    const undecoded = {
      code: "undecoded_secret",
      title: "webhook-signature was computed with the secret's text",
      advice: "Its key is the bytes behind the base64 after whsec_: decode them first.",
    };
    found.push({ ...undecoded, bytes: text(whole) }, { ...undecoded, bytes: text(rest) });
  }
  return found;
}

function messages(body: string, given: Given, header: "simple" | "standard") {
  const { id, timestamp } = given;
  const full = id !== null && timestamp !== null ? `${id}.${timestamp}.${body}` : null;
  const bodyOnly = { text: body };
  if (header === "simple") {
    const over = {
      code: "signed_content",
      title: "X-Webhook-Signature was computed over id, timestamp and body",
      advice: "It covers the body alone. Only webhook-signature covers id.timestamp.body.",
    };
    const stamped = timestamp === null ? [] : [{ ...over, text: `${timestamp}.${body}` }];
    return [{ ...RIGHT, ...bodyOnly }, ...(full === null ? [] : [{ ...over, text: full }]), ...stamped];
  }
  const under = {
    code: "signed_content",
    title: "webhook-signature was computed over something else than id.timestamp.body",
    advice: "Sign the text webhook-id, a full stop, webhook-timestamp, a full stop, and the raw body.",
  };
  return [
    ...(full === null ? [] : [{ ...RIGHT, text: full }]),
    { ...under, ...bodyOnly },
    ...(timestamp === null ? [] : [{ ...under, text: `${timestamp}.${body}` }]),
  ];
}

/** How a signature was written, if it is this one. */
function encodingOf(signature: string, mac: Uint8Array, header: "simple" | "standard") {
  const hex = [...mac].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const base64 = btoa(String.fromCharCode(...mac));
  const isHex = signature.toLowerCase() === hex;
  const isBase64 = normal(signature) === normal(base64);
  if (header === "simple" && signature === hex) return RIGHT;
  if (header === "standard" && signature === base64) return RIGHT;
  if (header === "simple" && isHex) {
    return {
      code: "upper_case",
      title: "The signature is in upper-case hexadecimal",
      advice: "X-Webhook-Signature is lower case. Bring both sides to lower case before comparing.",
    };
  }
  if (header === "simple" && isBase64) {
    return {
      code: "base64_for_hex",
      title: "The signature is written in base64",
      advice: 'X-Webhook-Signature is hexadecimal: digest("hex"), not digest("base64").',
    };
  }
  if (header === "standard" && isHex) {
    return {
      code: "hex_for_base64",
      title: "The signature is written in hexadecimal",
      advice: 'webhook-signature is v1, and base64: digest("base64"), not digest("hex").',
    };
  }
  if (header === "standard" && isBase64) {
    return {
      code: "base64_url",
      title: "The signature is written in the base64 of URLs",
      advice: "webhook-signature is in plain base64, with + and / and the = at its end.",
    };
  }
  return null;
}

const normal = (base64: string) => base64.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");

/** Nothing fits: say what is most likely. */
function unexplained(given: Given, body: string, secret: string): Finding {
  const about = referenceOf(body);
  if (given.reference !== null && about !== null && given.reference !== about) {
    return mistake(
      "other_delivery",
      `The headers belong to the invoice ${given.reference}, the body to ${about}`,
      "They are from two deliveries. Take both from the same request.",
    );
  }
  if (!/^(whsec_)?[A-Za-z0-9+/]{43}=?$/.test(secret)) {
    return mistake(
      "not_a_secret",
      "This is not a webhook secret of ours",
      "It is whsec_ and 44 characters. An API key (test_…, live_…) signs nothing.",
    );
  }
  return mistake(
    "wrong_secret",
    "The secret, or the body, is not the one that was signed",
    "No usual mistake explains it. Compare the secret with the one under Developers, Webhooks (was it rotated?), and take the raw body of the same request.",
  );
}

function fieldOf(body: string, name: string): string | null {
  try {
    const value = (JSON.parse(body) as Record<string, unknown> | null)?.[name];
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}
const referenceOf = (body: string) => fieldOf(body, "invoice_reference");
const eventOf = (body: string) => fieldOf(body, "event_id");

function decodeBase64(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

async function hmac(key: Uint8Array, message: string): Promise<Uint8Array> {
  const imported = await crypto.subtle.importKey(
    "raw",
    Uint8Array.from(key),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(message)));
}
