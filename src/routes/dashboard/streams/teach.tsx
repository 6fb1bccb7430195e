import type { FC } from "hono/jsx";

const FALLBACK = "http://127.0.0.1:8004";

/** How to make something show up here. */
export const FirstRecord: FC<{ ingestUrl: string | undefined }> = ({ ingestUrl = FALLBACK }) => (
  <div class="empty">
    Send one; it shows up here within a second.
    <pre>{`curl -H 'content-type: application/json' \\
  -d '{"logs":[{"service":"api-gateway","level":"INFO","message":"hi"}]}' \\
  ${ingestUrl}/api/ingest/batch`}</pre>
  </div>
);
