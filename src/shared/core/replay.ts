import * as z from "zod";
import { type ConsumerOptions, createConsumer } from "./consume.ts";
import type { KinesisEvent } from "./kinesis-event.ts";
import { silentLogger } from "./logger.ts";
import type { Codec, PartObject, PartSink, StateStore } from "./ports.ts";
import { QUARANTINE_PREFIX } from "./quarantine.ts";
import { parseQuarantineLine, type StoredEntry } from "./quarantine-entry.ts";

/** What a replay of one record has written or is about to write. One object per record. */
const markerSchema = z.object({
  version: z.literal(1),
  /** Who wrote this last. */
  run: z.string(),
  /** Every part object of this record that may exist. */
  keys: z.array(z.string().startsWith("service=")),
  lines: z.number().int(),
  /** Null while parts are being written. */
  replayedAt: z.iso.datetime().nullable(),
});

export type ReplayMarker = z.infer<typeof markerSchema>;

/** Beside the records, so that a lifecycle rule on the quarantine takes the markers with them. */
export const REPLAY_MARKER_PREFIX = `${QUARANTINE_PREFIX}_replayed/`;

export const replayMarkerKey = ({
  stream,
  shardId,
  sequenceNumber,
  index,
}: Pick<StoredEntry, "stream" | "shardId" | "sequenceNumber" | "index">): string =>
  `${REPLAY_MARKER_PREFIX}${stream}/${shardId}/${sequenceNumber}-${index}.json`;

/** Throws an error that names the key where the text is no marker. */
export const parseReplayMarker = (key: string, text: string): ReplayMarker => {
  try {
    return markerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`Replay marker ${key} is not usable. Its record was left alone.`, { cause });
  }
};

/** The raw bytes to replay, or why there are none. */
export type Repaired =
  | { readonly ok: true; readonly data: Uint8Array }
  | { readonly ok: false; readonly detail: string };

export type ReplayOutcome =
  | { readonly status: "replayed"; readonly keys: readonly string[]; readonly lines: number }
  | { readonly status: "planned"; readonly keys: readonly string[]; readonly lines: number }
  | { readonly status: "already"; readonly replayedAt: string }
  /** It stays in quarantine: it still is no log. */
  | { readonly status: "kept"; readonly reason: string; readonly detail: string };

export type ReplayRequest = {
  /** Called for a record that is to be replayed; without it the bytes are read as they are. */
  repair?(entry: StoredEntry): Promise<Repaired>;
  /** Replays also what was replayed before; the new result takes the place of the old. */
  again?: boolean;
  /** Writes nothing. */
  isDryRun?: boolean;
};

export type ReplayDeps = {
  sink: PartSink;
  /** Of the bucket that the sink writes to. */
  store: StateStore;
  codec: Codec;
  now(): number;
  /** Waits a while, another one each time, while another run has the record. */
  pause(): Promise<void>;
  /** Different for every process. */
  run: string;
};

const MAX_ATTEMPTS = 10;

/**
 * The record as a batch of its own, with its sequence number and arrival time. No stream has an ARN
 * like this one, and part names come from it: a replayed part never meets one of a batch, nor that
 * of another piece of the same record.
 */
const toReplayEvent = (entry: StoredEntry, data: string): KinesisEvent => ({
  Records: [
    {
      eventID: `${entry.shardId}:${entry.sequenceNumber}`,
      eventSource: "aws:kinesis",
      eventSourceARN: `replay:${entry.index}/${entry.stream}`,
      eventName: "aws:kinesis:record",
      eventVersion: "1.0",
      invokeIdentityArn: "",
      awsRegion: "",
      kinesis: {
        kinesisSchemaVersion: "1.0",
        partitionKey: entry.partitionKey,
        sequenceNumber: entry.sequenceNumber,
        data,
        approximateArrivalTimestamp: Date.parse(entry.arrivedAt) / 1000,
      },
    },
  ],
});

type Plan =
  | { readonly ok: true; readonly parts: readonly PartObject[]; readonly lines: number }
  | { readonly ok: false; readonly reason: string; readonly detail: string };

const problemIn = (object: PartObject, codec: Codec): Plan => {
  const [line = ""] = codec.decodeUtf8(object.body).split("\n", 1);
  const entry = parseQuarantineLine(line);
  return {
    ok: false,
    reason: entry?.reason ?? "unknown",
    detail: entry?.detail ?? "The record is still no log.",
  };
};

/** What the consumer makes of the record: the same code, with nothing written. All logs or none. */
const planReplay = async (
  entry: StoredEntry,
  data: string,
  codec: Codec,
  options: ConsumerOptions,
): Promise<Plan> => {
  const objects: PartObject[] = [];
  const sink: PartSink = {
    putPart: async (object) => {
      objects.push({
        ...object,
        metadata: { ...object.metadata, "replayed-index": String(entry.index) },
      });
    },
  };
  const consume = createConsumer({ sink, codec, log: silentLogger }, options);
  const { summary } = await consume(toReplayEvent(entry, data));
  const rejected = objects.find(({ key }) => key.startsWith(QUARANTINE_PREFIX));
  if (rejected !== undefined) return problemIn(rejected, codec);
  return { ok: true, parts: objects, lines: summary?.lines ?? 0 };
};

/**
 * Replays one record of the quarantine at a time: stored exactly once, however often it is called,
 * in whatever order, and wherever it is stopped. A marker names every part before it is written, so
 * that whoever comes next can remove what is no longer wanted; it says `replayedAt` after the last.
 * Rejects when storage does not answer; calling again is safe.
 */
export const createReplay = (deps: ReplayDeps, options: ConsumerOptions) => {
  const { sink, store, codec, now, pause, run } = deps;

  const readMarker = async (key: string) => {
    const stored = await store.read(key);
    return stored && { marker: parseReplayMarker(key, stored.text), version: stored.version };
  };

  /** False where somebody else has changed the marker: what is stored now is not known to be ours. */
  const write = async (
    markerKey: string,
    plan: Extract<Plan, { ok: true }>,
    before: Awaited<ReturnType<typeof readMarker>>,
  ): Promise<boolean> => {
    const keys = plan.parts.map(({ key }) => key);
    const older = before?.marker.keys.filter((key) => !keys.includes(key)) ?? [];
    const toText = (marker: Omit<ReplayMarker, "version" | "run" | "lines">) =>
      JSON.stringify({ version: 1, run, lines: plan.lines, ...marker } satisfies ReplayMarker);

    const version = await store.write(
      markerKey,
      toText({ keys: [...keys, ...older], replayedAt: null }),
      before?.version ?? null,
    );
    if (version === undefined) return false;
    for (const part of plan.parts) await sink.putPart(part);
    for (const key of older) await store.remove(key);
    const replayedAt = new Date(now()).toISOString();
    return (await store.write(markerKey, toText({ keys, replayedAt }), version)) !== undefined;
  };

  return async (entry: StoredEntry, request: ReplayRequest): Promise<ReplayOutcome> => {
    const { repair, again = false, isDryRun = false } = request;
    const markerKey = replayMarkerKey(entry);
    let before = await readMarker(markerKey);
    if (before?.marker.replayedAt && !again)
      return { status: "already", replayedAt: before.marker.replayedAt };

    const repaired = await repair?.(entry);
    if (repaired?.ok === false)
      return { status: "kept", reason: entry.reason, detail: repaired.detail };
    const data = repaired === undefined ? entry.data : codec.encodeBase64(repaired.data);
    const plan = await planReplay(entry, data, codec, options);
    if (!plan.ok) return { status: "kept", reason: plan.reason, detail: plan.detail };
    const result = { keys: plan.parts.map(({ key }) => key), lines: plan.lines };
    if (isDryRun) return { status: "planned", ...result };

    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      if (await write(markerKey, plan, before)) return { status: "replayed", ...result };
      await pause();
      before = await readMarker(markerKey);
      // Our own write, whose answer was lost.
      if (before?.marker.run === run && before.marker.replayedAt)
        return { status: "replayed", ...result };
    }
    throw new Error(`Another replay of the same record is running: ${markerKey} keeps changing.`);
  };
};

export type Replay = ReturnType<typeof createReplay>;
