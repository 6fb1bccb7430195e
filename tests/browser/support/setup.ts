import type { TestProject } from "vitest/node";
import { setup as build } from "../../support/build.ts";
import { provideChromium } from "./chromium.ts";

declare module "vitest" {
  export interface ProvidedContext {
    chromiumPath: string;
  }
}

/** Builds what is tested and finds what tests it, once per run. */
export const setup = async (project: TestProject): Promise<void> => {
  await build();
  const chromiumPath = provideChromium();
  if (chromiumPath === undefined)
    console.warn(
      "The browser tests are SKIPPED: there is no Chromium. Install one, or set CHROMIUM_PATH.",
    );
  project.provide("chromiumPath", chromiumPath ?? "");
};
