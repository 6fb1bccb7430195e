import { startLocalTimes } from "./shell/local-times.ts";
import { startRefresh } from "./shell/refresh.ts";
import { startShortcuts } from "./shell/shortcuts.ts";

// On every page: what all of them share. Pages are whole without it.
startRefresh();
startLocalTimes();
startShortcuts();
