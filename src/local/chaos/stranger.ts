import { type KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { type SentLog, STRANGER, type Try } from "./logs.ts";

const codeOf = (error: unknown): string => {
  const { name, message } = error as Error;
  return name === "Error" ? message : name;
};

/**
 * Another producer, which puts records straight into the stream that are no logs: each belongs into
 * quarantine, once. It puts each once and leaves it at that, whatever the answer.
 */
export const createStranger =
  (kinesis: KinesisClient, stream: string) =>
  async (pieces: readonly SentLog[]): Promise<void> => {
    const note = (piece: SentLog, entry: Omit<Try, "at">): void => {
      piece.tries.push({ at: Date.now(), ...entry });
    };
    try {
      const { Records = [] } = await kinesis.send(
        new PutRecordsCommand({
          StreamName: stream,
          Records: pieces.map(({ line }) => ({ Data: Buffer.from(line), PartitionKey: STRANGER })),
        }),
      );
      for (const [index, piece] of pieces.entries()) {
        const code = Records[index]?.ErrorCode;
        const outcome = code === undefined ? "accepted" : "refused";
        note(piece, { status: 200, outcome, code });
      }
    } catch (error) {
      for (const piece of pieces)
        note(piece, { status: undefined, outcome: "noAnswer", code: codeOf(error) });
    }
  };
