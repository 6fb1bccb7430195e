import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { createInstance } from "./instance.ts";

const withField = (id: string, index: number, value: string): string =>
  id
    .split("~")
    .map((field, at) => (at === index ? value : field))
    .join("~");

test("two instances of one process differ, and neither takes the other for gone", () => {
  const [one, other] = [createInstance(), createInstance()];
  expect(one.id).not.toBe(other.id);
  expect(one.isGone(other.id)).toBe(false);
});

test("an instance whose process ended is gone", async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  const own = createInstance();
  expect(own.isGone(withField(own.id, 2, String(child.pid)))).toBe(true);
});

test.runIf(process.platform === "linux")(
  "a process id that was given to another process is told by its start",
  () => {
    const own = createInstance();
    expect(own.isGone(withField(own.id, 3, "1"))).toBe(true);
  },
);

test("of an instance on another machine, or of no known form, nothing is known", () => {
  const own = createInstance();
  expect(own.isGone(withField(withField(own.id, 1, "elsewhere"), 2, "999999999"))).toBe(false);
  for (const id of ["", "instance-1", own.id.replaceAll("~", "-"), withField(own.id, 2, "0")])
    expect(own.isGone(id)).toBe(false);
});
