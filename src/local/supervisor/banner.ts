import type { Config } from "../../shared/core/config.ts";

/** What runs where, the first command to try, and where the data lies. */
export const banner = (
  config: Config,
  endpoint: { url: string; foundName?: string },
  { dataFolder }: { dataFolder: string },
): string => {
  const ingest = `http://${config.HOST}:${config.INGEST_PORT}`;
  const aws =
    endpoint.foundName === undefined
      ? `${endpoint.url}  embedded local AWS (Kinesis, S3), data in ${dataFolder}`
      : `${endpoint.url}  already running: ${endpoint.foundName}; used instead of the embedded one`;
  return `
  Ingest     ${ingest}
  Dashboard  http://${config.HOST}:${config.DASHBOARD_PORT}
  AWS        ${aws}
  Flow       ${config.KINESIS_STREAM_NAME} -> s3://${config.TARGET_BUCKET}/service=…/year=…/month=…/day=…/hour=…/

  Send a log:
    curl -s ${ingest}/api/ingest/batch -H 'content-type: application/json' \\
      -d '{"logs":[{"timestamp":"${new Date().toISOString()}","service":"hello","level":"INFO","message":"first log"}]}'
  Send a file:
    npm run send -- FILE.jsonl
  See it (within ${config.POLL_INTERVAL + 1} s):${
    endpoint.foundName === undefined
      ? `
    find ${dataFolder} -name 'part-*.jsonl' | head`
      : ""
  }
    aws --endpoint-url ${endpoint.url} s3 ls s3://${config.TARGET_BUCKET}/ --recursive

  Ctrl-C stops everything; what was accepted stays.
`;
};
