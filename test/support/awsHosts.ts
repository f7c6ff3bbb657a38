import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { INSTANCE, type DrivenStack } from "./awsCommand";

const DOCUMENT = "aws:s3/bucketObjectv2:BucketObjectv2";
const BUCKET = "aws:s3/bucket:Bucket";

/** A machine with the document that it would fetch. */
interface Machine {
  readonly host: string;
  readonly instance: string;
  readonly ami: string;
  readonly document: { readonly version: string; readonly image: string };
}

/**
 * Plays the hosts of a stack in the stand-in's account: as long as it is on, each machine that exists
 * says of its newest document what `words` makes of it. It shows what the command does with verdicts,
 * and nothing of how a host comes to one.
 */
export class PlayedHosts {
  private readonly said = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> = Promise.resolve();

  /** Why a machine is not ready; nothing: it is ready; `silent`: it does not say anything. */
  complaint: (machine: Machine) => string | undefined = () => undefined;

  constructor(private readonly stack: DrivenStack) {}

  start(): void {
    this.timer = setInterval(() => {
      this.working = this.working.then(() => this.look());
    }, 100);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.working;
  }

  private machines(): Machine[] {
    const { account } = this.stack;
    return account.all(INSTANCE).flatMap(([instance, { name, inputs }]) => {
      const host = /^gpudev-(host-\d+)-instance$/.exec(name)?.[1] ?? "";
      const [, found] =
        account.all(DOCUMENT).find(([, one]) => one.name === `gpudev-${host}-document`) ?? [];
      const content = found?.inputs["content"];
      const ami = inputs["ami"];
      if (typeof content !== "string" || typeof ami !== "string") return [];
      const document = JSON.parse(content) as Machine["document"];
      return [{ host, instance, ami, document }];
    });
  }

  private async look(): Promise<void> {
    let machines: Machine[];
    try {
      machines = this.machines();
    } catch (error) {
      // The stand-in is writing its file.
      if (error instanceof SyntaxError) return;
      throw error;
    }
    const [bucket] = this.stack.ids(BUCKET);
    if (bucket === undefined) return;
    for (const machine of machines) await this.say(bucket, machine);
  }

  private async say(bucket: string, machine: Machine): Promise<void> {
    const { host, instance, document } = machine;
    const complaint = this.complaint(machine);
    const about = `${instance} ${document.version} ${complaint ?? ""}`;
    if (complaint === "silent" || this.said.get(host) === about) return;
    const verdict = {
      schema: "gpudev.verdict/1",
      host,
      document: document.version,
      instance,
      at: "2026-11-23T12:00:00Z",
      ready: complaint === undefined,
      state: complaint === undefined ? "ready" : "not-ready",
      words: [complaint ?? `${host} is ready.`],
      checks: { driver: { ok: complaint === undefined, found: "580.95.05" } },
      environments: {},
    };
    const { s3 } = this.stack;
    await s3.send(new CreateBucketCommand({ Bucket: bucket })).catch(() => undefined);
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: `verdicts/${host}.json`,
        Body: JSON.stringify(verdict),
      }),
    );
    this.said.set(host, about);
  }
}
