import type { LOGO_TYPES } from "@/db/schema";

type LogoType = (typeof LOGO_TYPES)[number];

const begins = (bytes: Buffer, at: number, text: string) =>
  bytes.subarray(at, at + text.length).toString("latin1") === text;

/**
 * What kind of picture these bytes are, by their content; null for anything but PNG, JPEG and WebP. What a browser or a file's
 * name says of it does not count.
 */
export function imageTypeOf(bytes: Buffer): LogoType | null {
  // PNG: its signature, then a header chunk of 13 bytes, and the end chunk.
  if (begins(bytes, 0, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR") && bytes.includes("IEND")) return "image/png";
  // JPEG: start of image, a marker, and the end of the image.
  if (begins(bytes, 0, "\xff\xd8\xff") && bytes.includes(Buffer.from([0xff, 0xd9]), 3)) return "image/jpeg";
  // WebP: a RIFF of its own length, with one of the three kinds of first chunk.
  if (
    begins(bytes, 0, "RIFF") &&
    begins(bytes, 8, "WEBP") &&
    /^VP8[ LX]$/.test(bytes.subarray(12, 16).toString("latin1"))
  ) {
    return bytes.readUInt32LE(4) + 8 <= bytes.length + 1 ? "image/webp" : null;
  }
  return null;
}
