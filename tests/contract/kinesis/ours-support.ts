import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { createFaults, type Faults } from "../../../src/local/emulators/faults.ts";
import {
  createKinesisService,
  type KinesisServiceOptions,
} from "../../../src/local/emulators/kinesis/service.ts";
import { clientOf, createKit } from "./support.ts";

export type OwnKinesis = ReturnType<typeof createKit> & {
  client: KinesisClient;
  url: string;
  directory: string;
  faults: Faults;
  /** Stops the service and starts it again on the same directory. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

/** The Kinesis service alone behind a plain server, with options the shared endpoint does not take. */
export const startOwnKinesis = async (
  options: Partial<KinesisServiceOptions> = {},
): Promise<OwnKinesis> => {
  const directory = await mkdtemp(path.join(tmpdir(), "kinesis-contract-"));
  const faults = createFaults();
  const open = () => createKinesisService({ directory, faults, stateChangeMs: 0, ...options });
  let service = await open();
  const server = http.createServer((request, response) => {
    service.handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = clientOf(url);
  return {
    ...createKit(client),
    url,
    directory,
    faults,
    restart: async () => {
      await service.close();
      service = await open();
    },
    close: async () => {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await service.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
