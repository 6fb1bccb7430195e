import { startRefresh } from "./shell/refresh.ts";

// On every page: what all of them share. Pages are whole without it.
startRefresh();
