/**
 * Sequence numbers have the look of the service's own: 56 decimal digits beginning with 496, growing
 * along a shard and from parent to child. Ours carry the stream's incarnation and the shard, so
 * that a number of another shard, or of a deleted stream of the same name, is told apart.
 *
 *     496 | incarnation 13 | ordinal 30 | shard index 9 | 2
 */
export type SequenceNumber = {
  /** Creation time of the stream in ms, made unique. */
  incarnation: number;
  shardIndex: number;
  ordinal: number;
};

const PATTERN = /^496(\d{13})(\d{30})(\d{9})2$/;

/** Formats the numbers of one shard; the constant parts are built once. */
export const createSequenceNumbers = (incarnation: number, shardIndex: number) => {
  const prefix = `496${String(incarnation).padStart(13, "0")}`;
  const suffix = `${String(shardIndex).padStart(9, "0")}2`;
  return (ordinal: number): string => prefix + String(ordinal).padStart(30, "0") + suffix;
};

/** The parts of a number of ours, or undefined where it is of no stream here. */
export const parseSequenceNumber = (text: string): SequenceNumber | undefined => {
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const ordinal = Number(match[2]);
  if (!Number.isSafeInteger(ordinal)) return undefined;
  return { incarnation: Number(match[1]), shardIndex: Number(match[3]), ordinal };
};

/** `shardId-000000000003` */
export const shardIdOf = (index: number): string => `shardId-${String(index).padStart(12, "0")}`;

/** The index in a shard id, or undefined where the text is none. */
export const parseShardId = (shardId: string): number | undefined => {
  const match = /^shardId-(\d{12})$/.exec(shardId);
  return match ? Number(match[1]) : undefined;
};
