import { describe } from "vitest";
import { promiseOfTail } from "./support/tail-promises.ts";
import { hasChromium } from "./support/test.ts";

describe.runIf(hasChromium())("the live tail by poll", () => promiseOfTail("poll"));
