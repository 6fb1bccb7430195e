import type { Reporter, TestModule } from "vitest/node";

/** For vitest.config.ts. Prints how many contract cases ran, and against what. Other tests are not counted. */
export const contractReporter: Reporter = {
  onTestRunEnd: (modules: ReadonlyArray<TestModule>) => {
    const contract = modules.filter(({ moduleId }) => moduleId.includes("/tests/contract/"));
    if (contract.length === 0) return;
    const count = (state: "passed" | "failed" | "skipped"): number =>
      contract.reduce((sum, { children }) => sum + [...children.allTests(state)].length, 0);
    const [passed, failed, skipped] = [count("passed"), count("failed"), count("skipped")];
    const name =
      process.env.CONTRACT_NAME ?? process.env.CONTRACT_ENDPOINT ?? "the embedded local AWS";
    console.log(
      `contract suite: ${passed + failed} cases against ${name} (${failed} failed, ${skipped} skipped)`,
    );
  },
};
