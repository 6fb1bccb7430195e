import type { Random } from "../../shared/core/random.ts";

/** One try to hand a log over, as the client saw it. */
export type Try = {
  /** Epoch milliseconds. */
  readonly at: number;
  /** HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  readonly outcome: "accepted" | "refused" | "unconfirmed" | "noAnswer" | "notSent";
  /** The code of a refusal, or of the socket. */
  readonly code: string | undefined;
};

/** A log of the run and what became of it, as far as its client knows. */
export type SentLog = {
  readonly id: string;
  /** The exact bytes that were sent, ASCII or escaped. */
  readonly line: string;
  readonly service: string;
  /** Sent under an `Idempotency-Key`, always the same one. */
  readonly key: string | undefined;
  /** Epoch milliseconds of the first try. */
  readonly sentAt: number;
  readonly tries: Try[];
};

/** The service, and partition key, of what another producer puts straight into the stream. */
export const STRANGER = "stranger";

const SERVICES = ["auth", "cart", "inventory", "payment", "search", "thanh-toán", "user", "web"];
const HOURS = ["00", "01", "02"];
const WORDS = [
  "Retrying connection",
  "đơn hàng đã giao",
  "cache miss",
  "user logged in",
  '\\u00e9t\\u00e9 \\"2025\\"',
];

export const createLogMaker = (seed: number, random: Random) => {
  let made = 0;
  const nextId = (): string => {
    made += 1;
    return `s${seed}-${String(made).padStart(7, "0")}`;
  };
  const makeLog = (key: string | undefined): SentLog => {
    const id = nextId();
    const service = random.pick(SERVICES);
    const time = `2025-11-14T${random.pick(HOURS)}:${String(made % 60).padStart(2, "0")}:03.${String(made % 1000).padStart(3, "0")}`;
    const sentAt = Date.now();
    const line = `{"id":"${id}","timestamp":"${time}", "service":"${service}","level":"INFO","n":${made}.0,"trace":9007199254740993,"sent_at":${sentAt},"message":"${random.pick(WORDS)} ${"x".repeat(Math.floor(random.between(0, 160)))}"}`;
    return { id, line, service, key, sentAt, tries: [] };
  };
  /** No log: it begins like one and breaks off. */
  const makeBroken = (service: string): SentLog => {
    const id = nextId();
    const line = `{"id":"${id}","service":"${service}","message":"cut o`;
    return { id, line, service, key: undefined, sentAt: Date.now(), tries: [] };
  };
  return { makeLog, makeBroken };
};

/** The id of a log in a line that was stored; undefined where it is none of a run's. */
export const idOf = (line: string): string | undefined => /^\{"id":"(s\d+-\d+)"/.exec(line)?.[1];

export const wasAccepted = ({ tries }: SentLog): boolean =>
  tries.some(({ outcome }) => outcome === "accepted");

/** Tries after which nobody can know whether the log was taken. */
export const countUnclear = ({ tries }: SentLog): number =>
  tries.filter(({ outcome }) => outcome === "noAnswer" || outcome === "unconfirmed").length;
