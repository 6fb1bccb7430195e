type ScriptPolicy = { createScriptURL(path: string): string };
type TrustedTypes = { createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy };

const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };

/** Only the workers that the page names may be started. */
const rules: ScriptPolicy = {
  createScriptURL: (path) => {
    if (Object.values(document.documentElement.dataset).includes(path)) return path;
    throw new TypeError(`${path} is no worker of this page.`);
  },
};

let policy: ScriptPolicy | undefined;

/** Starts `src/ui/<name>.worker.ts`; undefined where the server has no such script. */
export const startWorker = (name: string): Worker | undefined => {
  const path = document.documentElement.getAttribute(`data-worker-${name}`);
  if (path === null) return undefined;
  policy ??= trustedTypes?.createPolicy("dash", rules) ?? rules;
  return new Worker(policy.createScriptURL(path), { type: "module" });
};
