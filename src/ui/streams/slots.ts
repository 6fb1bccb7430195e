/** A browser opens six connections to a host; pages need some of them. */
const SLOTS = 4;

const take = (name: string): Promise<(() => void) | undefined> =>
  new Promise((resolve) => {
    void navigator.locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (lock === null) {
          resolve(undefined);
          return undefined;
        }
        // Held until it is released, or the page goes.
        return new Promise<void>((release) => resolve(() => release()));
      })
      .catch(() => resolve(() => {}));
  });

/** The right to hold one long connection, shared by all tabs; undefined where all are taken. */
export const takeSlot = async (): Promise<(() => void) | undefined> => {
  // Only where the page came by HTTPS, or from this machine.
  if (!("locks" in navigator)) return () => {};
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const release = await take(`tail-${slot}`);
    if (release !== undefined) return release;
  }
  return undefined;
};
