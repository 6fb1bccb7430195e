/**
 * Where a walk goes on. Among the services behind `from`, up to `to`, every day in the order of
 * `at` is done but those in `open`, of which it is done up to a key (without its prefix). After the
 * last service come the keys of no service, behind `others`.
 */
export type WalkCursor =
  | {
      from: string;
      to?: string | undefined;
      at?: [bound: string, prefix: string] | undefined;
      open: [prefix: string, after: string][];
    }
  | { others: string };
