import type { LogType } from "../../shared/core/log-types.ts";
import type { LogKinds } from "./context.ts";
import { application } from "./fields/application.ts";
import { database } from "./fields/database.ts";
import { infrastructure } from "./fields/infrastructure.ts";
import { transactions } from "./fields/money.ts";
import { operations } from "./fields/operations.ts";
import { security } from "./fields/security.ts";

/** All 59: the compiler holds this to be one entry for each log type. */
export const LOG_KINDS: LogKinds<LogType> = {
  ...infrastructure,
  ...application,
  ...database,
  ...security,
  ...transactions,
  ...operations,
};
