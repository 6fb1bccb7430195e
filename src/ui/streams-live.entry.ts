import { startLive } from "./streams/live.ts";

const island = document.querySelector<HTMLElement>("[data-island=streams-live]");
const form = document.querySelector<HTMLFormElement>("[data-live-form]");
if (island && form) startLive(island, form);
