import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBytes, hexRows } from "./byte-view.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const gzip = async (text: string): Promise<Uint8Array> =>
  new Uint8Array(
    await new Response(
      new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")),
    ).arrayBuffer(),
  );

test("the hex rows hold every byte, sixteen a row, and nothing but printable ASCII", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const rows = hexRows(bytes);
      const digits = rows.map(({ hex }) => hex.replaceAll(" ", "")).join("");
      expect(digits).toBe(Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));
      for (const { ascii, hex } of rows) {
        expect(ascii).toMatch(/^[\x20-\x7e]{1,16}$/);
        expect(hex).toHaveLength(48);
      }
    }),
  );
});

test("text shows what would not be seen; line breaks stay", async () => {
  const decoded = await decodeBytes(bytesOf("a\u202eb\u001b[31m\nc\u200b"), 100);
  expect(decoded).toEqual({ text: "a⟨U+202E⟩b⟨U+001B⟩[31m\nc⟨U+200B⟩", encoding: "utf-8" });
  const broken = await decodeBytes(new Uint8Array([0x61, 0xff, 0x62]), 100);
  expect(broken).toEqual({ text: "a\ufffdb", encoding: "utf-8 with errors" });
});

test("gzip is unpacked as far as it goes, and no further than asked", async () => {
  const text = Array.from({ length: 4_000 }, (_, line) => `line ${line} ${Math.sin(line)}\n`).join(
    "",
  );
  const whole = await gzip(text);
  expect(await decodeBytes(whole, 1_000_000)).toEqual({ text, encoding: "gzip" });
  expect((await decodeBytes(whole, 100)).text).toBe(text.slice(0, 100));
  const cut = await decodeBytes(whole.slice(0, whole.length >> 1), 1_000_000);
  expect(cut.encoding).toBe("gzip, cut short or damaged");
  expect(text.startsWith(cut.text.slice(0, 50))).toBe(true);
  expect(await decodeBytes(new Uint8Array([0x1f, 0x8b, 1, 2, 3]), 100)).toEqual({
    text: "",
    encoding: "gzip, cut short or damaged",
  });
});
