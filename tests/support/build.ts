// @ts-expect-error: a plain script, shared with `npm start`, without types.
import { build } from "../../scripts/build.mjs";

/** Bundles the processes that the tests start, once per run. */
export const setup = async (): Promise<void> => {
  await build();
};
