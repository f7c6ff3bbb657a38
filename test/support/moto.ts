import { eventually, freePort, start } from "./processes";

/** moto's server, which stands for AWS's services. */
export interface Moto {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const running = start("moto_server", ["-H", "127.0.0.1", "-p", `${port}`], {
    timeout: 3_600_000,
  });
  await eventually("moto answers", async () => {
    if (running.child.exitCode !== null) throw new Error(`moto_server: ${running.output()}`);
    return fetch(url).then(
      () => true,
      () => false,
    );
  });
  return {
    url,
    stop: async () => {
      running.signalGroup("SIGTERM");
      await running.ended;
    },
  };
}
