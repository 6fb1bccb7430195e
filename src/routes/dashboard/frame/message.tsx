import type { FC } from "hono/jsx";
import { Failure } from "../components.tsx";

/** A page that says why there is nothing else on it. */
export const MessagePage: FC<{ title: string; message: string }> = ({ title, message }) => (
  <>
    <div class="page-head">
      <h1>{title}</h1>
    </div>
    <Failure message={message} />
    <p class="pager">
      <a class="button" href="/">
        Overview
      </a>
    </p>
  </>
);
