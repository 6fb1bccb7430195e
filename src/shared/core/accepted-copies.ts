import type { Signal } from "./signals.ts";

/** An accepted item as its producer sent it, on one line without a line break. */
export type AcceptedItem = {
  readonly signal: Signal;
  readonly service: string;
  readonly bytes: Uint8Array;
};

/** A side effect. `take` keeps nothing of the bytes it is given, waits for nothing, never throws. */
export type AcceptedSink = { take(item: AcceptedItem): void };

/** The items of one request while it is not known yet which of them are accepted. */
export type HeldItems = {
  /**
   * Hands on those at the positions for which `isAccepted` says so, and lets go of all. A second
   * call does nothing.
   */
  release(isAccepted: (position: number) => boolean): void;
};

/** Sees what is accepted, for side effects beside the streams. */
export type AcceptedCopies = { hold(items: readonly AcceptedItem[]): HeldItems };

export type AcceptedCopiesOptions = {
  /** Runs a task soon, when what is under way has had its turn. */
  defer: (task: () => void) => void;
  /** Bytes of requests that wait for their answer; past it what is accepted is not handed on. */
  maxHeldBytes: number;
  /** Told how many accepted items were not handed on for want of room. */
  onSkipped: (count: number) => void;
};

/** Handed on in one turn, so that no other request waits long for its own. */
const PORTION = 200;

/** What the items keep from being freed: at least the whole body they were cut out of. */
const sizeOf = (items: readonly AcceptedItem[]): number => {
  const sum = items.reduce((bytes, item) => bytes + item.bytes.length, 0);
  return Math.max(sum, items[0]?.bytes.buffer.byteLength ?? 0);
};

/** Hands what is accepted to the sinks, once the answer to its request is settled and out. */
export const createAcceptedCopies = (
  sinks: readonly AcceptedSink[],
  { defer, maxHeldBytes, onSkipped }: AcceptedCopiesOptions,
): AcceptedCopies => {
  let heldBytes = 0;
  const once = (release: HeldItems["release"]): HeldItems => {
    let isReleased = false;
    return {
      release: (isAccepted) => {
        if (!isReleased) release(isAccepted);
        isReleased = true;
      },
    };
  };
  const skip = (count: number): HeldItems =>
    once((isAccepted) => {
      let skipped = 0;
      for (let position = 0; position < count; position += 1)
        if (isAccepted(position)) skipped += 1;
      if (skipped > 0) onSkipped(skipped);
    });
  const handOn = (items: readonly AcceptedItem[], from: number, done: () => void): void => {
    for (const item of items.slice(from, from + PORTION)) for (const sink of sinks) sink.take(item);
    const next = from + PORTION;
    if (next < items.length) defer(() => handOn(items, next, done));
    else done();
  };
  return {
    hold: (items) => {
      const size = sizeOf(items);
      if (heldBytes + size > maxHeldBytes) return skip(items.length);
      heldBytes += size;
      return once((isAccepted) => {
        const accepted = items.filter((_, position) => isAccepted(position));
        // After the answer has gone out.
        defer(() =>
          handOn(accepted, 0, () => {
            heldBytes -= size;
          }),
        );
      });
    },
  };
};
