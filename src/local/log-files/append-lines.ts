import { mkdir, open } from "node:fs/promises";
import path from "node:path";

const LINE_FEED = 0x0a;

/**
 * Appends whole lines to a file, which is made where it is missing; returns its size. With `isTorn`
 * a last line that a kill or a full disk cut short is ended first, so that it spoils no other.
 */
export const appendLines = async (
  file: string,
  lines: readonly Uint8Array[],
  isTorn: boolean,
): Promise<number> => {
  const openFile = () => open(file, isTorn ? "a+" : "a");
  const handle = await openFile().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    await mkdir(path.dirname(file), { recursive: true });
    return await openFile();
  });
  try {
    const before = await handle.stat();
    const chunks = [...lines];
    if (isTorn && before.size > 0) {
      const last = await handle.read(Buffer.alloc(1), 0, 1, before.size - 1);
      if (last.buffer[0] !== LINE_FEED) chunks.unshift(Uint8Array.of(LINE_FEED));
    }
    const body = Buffer.concat(chunks);
    await handle.appendFile(body);
    return before.size + body.length;
  } finally {
    await handle.close();
  }
};
