import { describe, expect, it } from "vitest";
import { NumberText, parseJson, printJson, RawJson } from "./json";

const EXACT = ["amountUsdt", "metadata"];
const parse = (text: string) => parseJson(text, EXACT)?.value as Record<string, unknown> | undefined;
const textOf = (value: unknown) => (value instanceof NumberText || value instanceof RawJson ? value.text : value);

describe("parseJson", () => {
  it.each([
    "150",
    "150.0000",
    "100000000.00011",
    "1e3",
    "1E400",
    "-0",
    "-1.50",
    "0.1",
    "123456789012345678901234567890",
  ])("keeps the digits of the number %s", (digits) => {
    const value = parse(`{"amountUsdt" :\n${digits} , "other": 1.0}`);
    expect(value?.amountUsdt).toEqual(new NumberText(digits));
    expect(value?.other).toBe(1);
  });

  it.each([
    ['{"b":1,"2":[1.0],"1":"a b"}', '{"b":1,"2":[1.0],"1":"a b"}'],
    ['{ "b" : 1 ,\n\t"2" : [ 1.0 , { } ] }', '{"b":1,"2":[1.0,{}]}'],
    ['{"a":" \\" , : \\\\ ","\\u0062":"\\n"}', '{"a":" \\" , : \\\\ ","\\u0062":"\\n"}'],
    ['{"a":1,"a":2}', '{"a":1,"a":2}'],
    ['{"__proto__":{"polluted":true}}', '{"__proto__":{"polluted":true}}'],
    ['{"\\ud800":"\\udfff \\u0000 \\u2028"}', '{"\\ud800":"\\udfff \\u0000 \\u2028"}'],
    ['["a" , 1e2]', '["a",1e2]'],
    ["{}", "{}"],
  ])("keeps the text of an object with its order and escapes, without white space: %s", (source, text) => {
    expect(parse(`{"x":1,"metadata":${source}, "y":2}`)?.metadata).toEqual(new RawJson(text));
  });

  it("takes the last of equal keys, as JSON.parse does, also where one is written with escapes", () => {
    expect(textOf(parse('{"amountUsdt":1.10,"amountUsdt":2.20}')?.amountUsdt)).toBe("2.20");
    expect(textOf(parse('{"amountUsdt":1.10,"amount\\u0055sdt":2.20}')?.amountUsdt)).toBe("2.20");
    expect(textOf(parse('{"metadata":{"a":1},"metadata":{"b":2}}')?.metadata)).toBe('{"b":2}');
    expect(textOf(parse('{"amountUsdt":1.10,"amountUsdt":"2.20"}')?.amountUsdt)).toBe("2.20");
    expect(textOf(parse('{"amountUsdt":"1.10","amountUsdt":null}')?.amountUsdt)).toBeNull();
  });

  it("takes fields at the top only: the same name further down is left alone", () => {
    const value = parse('{"nested":{"amountUsdt":1.50},"amountUsdt":2.50}');
    expect(value).toEqual({ nested: { amountUsdt: 1.5 }, amountUsdt: new NumberText("2.50") });
  });

  it.each(['"1.50"', "null", "true", '"{}"'])("leaves what is no number, object or array as it is: %s", (json) => {
    expect(parse(`{"amountUsdt":${json},"metadata":${json}}`)).toEqual({
      amountUsdt: JSON.parse(json),
      metadata: JSON.parse(json),
    });
  });

  it("pollutes no prototype and shows __proto__ as a field like any other", () => {
    const value = parse('{"__proto__":{"amountUsdt":5,"polluted":1},"amountUsdt":1.0}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(value ?? {})).toEqual(["__proto__", "amountUsdt"]);
    expect(parseJson('{"__proto__":{"a":1}}', ["__proto__"])).not.toBeNull();
    expect(({} as Record<string, unknown>).text).toBeUndefined();
  });

  it("inherited names are not taken for fields", () => {
    expect(parseJson("{}", ["constructor", "toString"])).toEqual({ value: {} });
  });

  it.each(["1.5", '"text"', "null", "true", "[]", "[1.50]"])("gives the bare value %s as it is", (json) => {
    expect(parseJson(json, EXACT)).toEqual({ value: JSON.parse(json) });
  });

  it.each([
    "",
    "{",
    "{}{}",
    "{'a':1}",
    '{"a":1,}',
    "{a:1}",
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":NaN}',
    '{"a":"\t"}',
    '{"a":"\\x"}',
    "// c\n{}",
    '{"amountUsdt":1 /* c */}',
    "\uFEFF{}",
  ])("refuses %j, which is no JSON", (text) => expect(parseJson(text, EXACT)).toBeNull());

  it.each([1_000, 60_000])(
    "survives %s levels of nesting, in a field that matters and in one that does not",
    (depth) => {
      const deep = `${"[".repeat(depth)}${"]".repeat(depth)}`;
      for (const text of [`{"amountUsdt":1,"x":${deep}}`, `{"metadata":{"a":${deep}}}`, deep, "[".repeat(depth)]) {
        expect(() => parseJson(text, EXACT)).not.toThrow();
      }
    },
  );

  it("reads a body of the largest size within a fraction of a second", () => {
    const started = performance.now();
    parse(`{"amountUsdt":1,"metadata":{"a":"${'\\"'.repeat(60_000)}"}}`);
    parse(`{"amountUsdt":1,"metadata":{"a":${" ".repeat(120_000)}1}}`);
    parse(`{${'"amountUsdt":1,'.repeat(8_000)}"metadata":{}}`);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe("printJson", () => {
  it("prints what JSON.stringify prints where there is nothing raw", () => {
    for (const value of [{ a: 1, b: null, c: undefined, d: [true, "x\u2028"] }, [], "text", 1, null]) {
      expect(printJson(value)).toBe(JSON.stringify(value));
    }
  });

  it("puts every raw text in its own place, at any depth", () => {
    const value = { a: new RawJson('{"b":1,"2":1.0}'), list: [new RawJson("[1.0]"), { c: new RawJson("null") }] };
    expect(printJson(value)).toBe('{"a":{"b":1,"2":1.0},"list":[[1.0],{"c":null}]}');
    const many = Array.from({ length: 200 }, (_, i) => new RawJson(`{"i":${i}.0}`));
    expect(printJson(many)).toBe(`[${many.map((raw) => raw.text).join(",")}]`);
  });

  it.each(["$&", "$1", "$`$'", "$$", '"raw-00000000-0000-0000-0000-000000000000-0"', "raw-0", "\\", '\\"', "\n"])(
    "is not led astray by the text %j, raw or not",
    (text) => {
      const value = { [text]: text, raw: new RawJson(JSON.stringify({ [text]: text })), after: text };
      expect(JSON.parse(printJson(value))).toEqual({ [text]: text, raw: { [text]: text }, after: text });
      expect(printJson(value)).toContain(`"raw":${JSON.stringify({ [text]: text })},`);
    },
  );

  it("gives back what parseJson read, character by character", () => {
    const source = '{"metadata":{"z":1.00,"10":"\\u00e9 \\ud83d","1":[{"a":-0}]}}';
    expect(printJson(parse(source))).toBe(source);
  });
});
