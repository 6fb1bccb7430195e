import { createServer } from "node:net";

const FIRST = 21_000;
const LAST = 31_999;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

/**
 * Free loopback ports below 32768: above it the kernel hands out ephemeral ports, and a client
 * that probes such a port can end up connected to itself.
 */
export const freePorts = async (count: number): Promise<number[]> => {
  const ports = new Set<number>();
  for (let attempt = 0; ports.size < count; attempt += 1) {
    if (attempt > 1000) throw new Error("No free ports.");
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
};
