import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startLocalAws } from "../../src/local/emulators/server.ts";

export type ContractEndpoint = {
  url: string;
  /** True for this project's own local AWS, which alone has fault hooks and plain files. */
  isOurs: boolean;
  name: string;
  close(): Promise<void>;
};

/** The endpoint the contract suite runs against: `CONTRACT_ENDPOINT`, else ours, in this process. */
export const contractEndpoint = async (): Promise<ContractEndpoint> => {
  const url = process.env.CONTRACT_ENDPOINT;
  if (url) {
    const name = process.env.CONTRACT_NAME ?? url;
    return { url: url.replace(/\/$/, ""), isOurs: false, name, close: async () => {} };
  }
  const directory = await mkdtemp(path.join(tmpdir(), "local-aws-contract-"));
  const localAws = await startLocalAws({ directory, port: 0 });
  return {
    url: localAws.url,
    isOurs: true,
    name: "the embedded local AWS",
    close: async () => {
      await localAws.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
