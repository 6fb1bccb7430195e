import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";

/** This running event source mapping, as leases name it. */
export type Instance = {
  readonly id: string;
  /**
   * True only when it is certain that the process of that instance has ended: it ran on this very
   * machine since its last start, and its process is no more. False when that cannot be known.
   */
  isGone(id: string): boolean;
};

const SEPARATOR = "~";

/** One boot of one machine, within one space of process ids: containers have their own. */
const machineOf = (): string => {
  try {
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${bootId} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    // Not Linux. A process id that was reused only makes another instance wait for the lease.
    const addresses = Object.values(networkInterfaces())
      .flatMap((found) => found ?? [])
      .filter(({ internal }) => !internal)
      .map(({ mac }) => mac);
    return addresses.length === 0
      ? randomBytes(16).toString("hex")
      : [hostname(), ...new Set(addresses)].sort().join(" ");
  }
};

const UNKNOWN_START = "0";

/** State and start, in the kernel's ticks, of a process; undefined where that cannot be read. */
const statOf = (pid: number): { state: string | undefined; start: string } | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses, and may hold anything.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state, start: fields[18] ?? UNKNOWN_START };
  } catch {
    return undefined;
  }
};

/** True when in doubt: it may be another user's, or a process id that was given again. */
const mayBeRunning = (pid: number, start: string): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const stat = statOf(pid);
  if (stat === undefined) return true;
  // Killed, and its parent has not asked for the exit code yet.
  if (stat.state === "Z" || stat.state === "X") return false;
  return start === UNKNOWN_START || stat.start === UNKNOWN_START || stat.start === start;
};

/** The identity of a mapping in this process; each call gives another one. */
export const createInstance = (): Instance => {
  const host = hostname()
    .replace(/[^A-Za-z0-9.-]/g, "-")
    .slice(0, 48);
  const machine = createHash("sha256").update(machineOf()).digest("hex").slice(0, 16);
  const start = statOf(process.pid)?.start ?? UNKNOWN_START;
  const nonce = randomBytes(4).toString("hex");
  return {
    id: [host, machine, process.pid, start, nonce].join(SEPARATOR),
    isGone: (id) => {
      const [, itsMachine, pid, itsStart, ...rest] = id.split(SEPARATOR);
      if (rest.length !== 1 || itsMachine !== machine || itsStart === undefined) return false;
      return /^[1-9]\d*$/.test(pid ?? "") && !mayBeRunning(Number(pid), itsStart);
    },
  };
};
