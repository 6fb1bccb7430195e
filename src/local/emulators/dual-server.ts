import http, { type IncomingMessage, type ServerResponse } from "node:http";
import http2 from "node:http2";
import net, { type Socket } from "node:net";

const HTTP2_PREFACE = "PRI";

const listen = async (server: net.Server, port: number, host: string): Promise<number> => {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Not listening on TCP.");
  return address.port;
};

export type DualServer = {
  /** The port listened on. Rejects when it is taken. */
  listen(port: number, host: string): Promise<number>;
  /** Takes no new connections; those there are go on. */
  stopAccepting(): void;
  /** Cuts all connections. */
  close(): Promise<void>;
};

/** HTTP/1.1 and HTTP/2 with prior knowledge on one port: the first bytes tell which it is. */
export const createDualServer = (
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): DualServer => {
  const http1 = http.createServer(
    // A server that closes an idle connection just as the client writes to it looks like a reset.
    { keepAliveTimeout: 600_000, requestTimeout: 0 },
    listener,
  );
  // The compatibility API of node:http2 offers the same methods on both objects.
  const plain2 = http2.createServer({}, listener as never);
  for (const server of [http1, plain2]) server.on("error", () => {});
  plain2.on("sessionError", () => {});

  const sockets = new Set<Socket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    const giveUp = (): void => void socket.destroy();
    let head: Buffer = Buffer.alloc(0);
    const peek = (): void => {
      const chunk: Buffer | null = socket.read();
      if (chunk !== null) head = Buffer.concat([head, chunk]);
      const start = head.toString("latin1", 0, HTTP2_PREFACE.length);
      if (start.length < HTTP2_PREFACE.length && HTTP2_PREFACE.startsWith(start)) {
        socket.once("readable", peek);
        return;
      }
      socket.off("end", giveUp);
      socket.unshift(head);
      const isHttp2 = start === HTTP2_PREFACE;
      // As in a server of that protocol alone: an HTTP/2 session ends with the client's half.
      socket.allowHalfOpen = !isHttp2;
      (isHttp2 ? plain2 : http1).emit("connection", socket);
    };
    socket.once("readable", peek);
    socket.once("end", giveUp);
  });
  return {
    listen: (port, host) => listen(server, port, host),
    stopAccepting: () => void server.close(),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
