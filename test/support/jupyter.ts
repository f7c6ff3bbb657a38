import { randomUUID } from "node:crypto";
import WebSocket from "ws";
import { eventually } from "./processes";

interface Message {
  readonly channel?: string;
  readonly header: { readonly msg_id: string; readonly msg_type: string };
  readonly parent_header: { readonly msg_id?: string };
  readonly content: {
    readonly text?: string;
    readonly data?: Readonly<Record<string, string>>;
    readonly execution_state?: string;
    readonly traceback?: readonly string[];
  };
}

/** What one cell gave back. */
export interface CellResult {
  /** stdout and stderr. */
  readonly text: string;
  /** The value of the last expression, as text. */
  readonly value?: string;
  readonly error?: string;
}

/** A running kernel, spoken to over its websocket as JupyterLab does. */
export class Kernel {
  private constructor(
    readonly id: string,
    private readonly socket: WebSocket,
  ) {}

  static async open(id: string, url: string): Promise<Kernel> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.on("open", resolve);
      socket.on("error", reject);
    });
    return new Kernel(id, socket);
  }

  /** Sends a cell; returns its result once the kernel is idle again. */
  execute(code: string, limit = 180_000): Promise<CellResult> {
    const id = randomUUID();
    const heard: string[] = [];
    let text = "";
    let value: string | undefined;
    let error: string | undefined;
    const done = new Promise<CellResult>((resolve, reject) => {
      const finish = (act: () => void) => {
        this.socket.off("message", hear);
        this.socket.off("close", closed);
        clearTimeout(timer);
        act();
      };
      const timer = setTimeout(
        () => finish(() => reject(new Error(`no end of: ${code}; heard: ${heard.join(", ")}`))),
        limit,
      );
      const closed = () =>
        finish(() => reject(new Error(`the kernel's websocket closed during: ${code}`)));
      const hear = (data: WebSocket.RawData) => {
        const message = JSON.parse((data as Buffer).toString()) as Message;
        heard.push(`${message.channel ?? ""} ${message.header.msg_type}`);
        if (message.parent_header.msg_id !== id) return;
        const { content } = message;
        if (message.header.msg_type === "stream") text += content.text ?? "";
        if (message.header.msg_type === "execute_result") value = content.data?.["text/plain"];
        if (message.header.msg_type === "error") error = (content.traceback ?? []).join("\n");
        if (message.header.msg_type === "status" && content.execution_state === "idle") {
          finish(() =>
            resolve({
              text,
              ...(value === undefined ? {} : { value }),
              ...(error === undefined ? {} : { error }),
            }),
          );
        }
      };
      this.socket.on("message", hear);
      this.socket.on("close", closed);
    });
    this.socket.send(
      JSON.stringify({
        channel: "shell",
        header: {
          msg_id: id,
          msg_type: "execute_request",
          username: "test",
          session: this.id,
          version: "5.3",
          date: new Date().toISOString(),
        },
        parent_header: {},
        metadata: {},
        content: {
          code,
          silent: false,
          store_history: false,
          user_expressions: {},
          allow_stdin: false,
          stop_on_error: true,
        },
      }),
    );
    return done;
  }

  close(): void {
    this.socket.close();
  }
}

/** A Jupyter server's HTTP side. */
export class Jupyter {
  /** `base` without a trailing slash: `http://127.0.0.1:8888`. */
  constructor(
    readonly base: string,
    private readonly token?: string,
  ) {}

  /** From a link such as `http://127.0.0.1:8888/lab?token=…`. */
  static fromLink(link: string): Jupyter {
    const url = new URL(link);
    return new Jupyter(url.origin, url.searchParams.get("token") ?? undefined);
  }

  request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.token !== undefined) headers.set("Authorization", `token ${this.token}`);
    const signal = AbortSignal.timeout(30_000);
    return fetch(`${this.base}${path}`, { ...init, headers, redirect: "manual", signal });
  }

  /** Waits until the server answers; a published port accepts connections before anybody listens inside. */
  async ready(): Promise<void> {
    await eventually(`${this.base} answers`, () =>
      fetch(`${this.base}/api`, { signal: AbortSignal.timeout(3_000) }).then(
        (response) => response.status === 200,
        () => false,
      ),
    );
  }

  /** Status code of a request. */
  async status(path: string): Promise<number> {
    const response = await this.request(path);
    await response.arrayBuffer();
    return response.status;
  }

  async startKernel(): Promise<Kernel> {
    const response = await this.request("/api/kernels", { method: "POST", body: "{}" });
    if (response.status !== 201) {
      throw new Error(`POST /api/kernels: ${response.status} ${await response.text()}`);
    }
    const { id } = (await response.json()) as { id: string };
    const socket = `${this.base.replace(/^http/, "ws")}/api/kernels/${id}/channels`;
    return Kernel.open(id, `${socket}?token=${this.token ?? ""}`);
  }
}
