import type { FC } from "hono/jsx";
import { formatBytes, formatCount } from "../../../shared/core/dashboard/format.ts";
import type { QuarantineCoverage } from "../../../shared/core/dashboard/quarantine/records.ts";
import { hourText } from "./schema.ts";

const STOPS: Readonly<Record<QuarantineCoverage["stoppedBy"], string>> = {
  end: "everything was looked at",
  limit: "there are more",
  calls: "stopped at the limit of list calls",
  objects: "stopped at the limit of objects",
  bytes: "stopped at the limit of bytes",
  time: "stopped at the time limit",
};

/** What was looked at, and why it ended there. */
export const Coverage: FC<{ coverage: QuarantineCoverage }> = ({ coverage }) => {
  const { objects, bytes, backTo, stoppedBy, unreadable, areHoursWhole } = coverage;
  return (
    <span>
      Read {formatCount(objects)} {objects === 1 ? "object" : "objects"} ({formatBytes(bytes)})
      {backTo === undefined ? "" : ` back to ${hourText(backTo)}`}; {STOPS[stoppedBy]}.
      {unreadable > 0 ? ` ${formatCount(unreadable)} lines there are no entries.` : ""}
      {areHoursWhole ? "" : " Of an hour with very many objects, not all were listed."}
    </span>
  );
};
