import { defineConfig } from "vitest/config";
import { contractReporter } from "./tests/support/contract-reporter.ts";

export default defineConfig({
  test: {
    reporters: ["default", contractReporter],
    // One group after the other: each starts processes, and this must pass on two cores.
    projects: [
      {
        test: {
          name: "unit",
          include: ["{src,scripts}/**/*.test.{ts,tsx}"],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "contract",
          include: ["tests/contract/**/*.test.ts"],
          sequence: { groupOrder: 1 },
          globalSetup: ["tests/support/build.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        // The event source mapping against Lambda's rules, in simulated time.
        test: {
          name: "conformance",
          include: ["tests/conformance/**/*.test.ts"],
          sequence: { groupOrder: 0 },
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["tests/{integration,fault}/**/*.test.ts"],
          sequence: { groupOrder: 2 },
          globalSetup: ["tests/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Most of their time these wait: for a lease to run out, for a process to come back.
          maxWorkers: 3,
        },
      },
      {
        // The dashboard in headless Chromium, against the real server on the real emulator.
        test: {
          name: "browser",
          include: ["tests/browser/**/*.test.ts"],
          sequence: { groupOrder: 2 },
          globalSetup: ["tests/browser/support/setup.ts"],
          expect: { poll: { timeout: 20_000 } },
          // A browser on a shared machine can stall for seconds; a second failure is one.
          retry: 1,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: "package",
          include: ["tests/package/**/*.test.ts"],
          sequence: { groupOrder: 3 },
          globalSetup: ["tests/support/build.ts", "tests/package/support/package-stages.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        // Deploys for real, onto an emulator from PyPI: `npm run test:deploy`.
        test: {
          name: "deploy",
          include: ["tests/deploy/**/*.test.ts"],
          sequence: { groupOrder: 4 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // The same routes on Deno and Bun: `npm run test:runtimes`.
        test: {
          name: "runtimes",
          include: ["tests/runtimes/**/*.test.ts"],
          sequence: { groupOrder: 5 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
