import { cpus, totalmem } from "node:os";

/** What a figure was measured on, in one line. */
export const describeMachine = (): string => {
  const processors = cpus();
  const model = processors[0]?.model.trim() || "unknown processor";
  const gib = (totalmem() / 2 ** 30).toFixed(1);
  return `Node ${process.version}, ${process.platform} ${process.arch}, ${processors.length} x ${model}, ${gib} GiB`;
};
