import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { AwsProject } from "./awsProject";
import { Account } from "./awsStandIn/account";
import { ROOT } from "./gpudev";
import type { Ended } from "./processes";

const STAND_INS = path.join(ROOT, "test", "support", "awsStandIn", "bin");

export const INSTANCE = "aws:ec2/instance:Instance";
export const VOLUME = "aws:ebs/volume:Volume";
const BUCKET = "aws:s3/bucket:Bucket";
const ASSOCIATION = "aws:ssm/association:Association";

/** Access for clients of the tests' own. */
export const CLIENT = {
  region: "us-east-1",
  credentials: { accessKeyId: "engineer", secretAccessKey: "secret" },
};

/** What `--json` prints, as far as these tests look at it. */
export interface Printed {
  readonly ok: boolean;
  readonly exitCode: number;
  readonly findings: readonly { readonly code: string; readonly path: string }[];
  readonly error?: { readonly message: string; readonly mend?: string };
  readonly changes?: Readonly<Record<string, number>>;
  readonly [key: string]: unknown;
}

/**
 * A stack that the built command drives on the real engine: state in moto's S3 and KMS, questions
 * to moto, and resources in the stand-in for the provider. So AWS is two accounts here: what the
 * engine makes is not seen by what the command asks, but for what a test puts there.
 */
export class DrivenStack {
  readonly project: AwsProject;
  readonly account: Account;
  readonly s3: S3Client;
  private readonly folder: string;

  constructor(
    readonly stack: string,
    endpoint: string,
  ) {
    this.project = new AwsProject(stack, endpoint);
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-standin-"));
    this.account = new Account(path.join(this.folder, "aws.json"));
    this.s3 = new S3Client({ ...CLIENT, endpoint, forcePathStyle: true });
  }

  private get env(): NodeJS.ProcessEnv {
    return this.project.env("engineer", {
      GPUDEV_STANDIN: this.folder,
      PATH: `${STAND_INS}${path.delimiter}${process.env.PATH ?? ""}`,
      HOME: process.env.HOME,
    });
  }

  write(text: string): void {
    fs.writeFileSync(this.project.stackFile, text);
  }

  read(): string {
    return fs.readFileSync(this.project.stackFile, "utf8");
  }

  run(...args: string[]): Promise<Ended> {
    return this.project.gpudevIn(this.env, ...args);
  }

  /** The same with another environment. */
  runIn(changes: NodeJS.ProcessEnv, ...args: string[]): Promise<Ended> {
    return this.project.gpudevIn({ ...this.env, ...changes }, ...args);
  }

  async json(...args: string[]): Promise<Printed> {
    const ended = await this.run(...args, "--json");
    if (!ended.stdout.startsWith("{")) throw new Error(`${ended.stdout}\n${ended.stderr}`);
    return JSON.parse(ended.stdout) as Printed;
  }

  ids(type: string): string[] {
    return this.account.all(type).map(([id]) => id);
  }

  /**
   * Makes the state bucket, and takes its policy away again: it refuses connections without TLS, and
   * moto has no other; nor does moto look at a statement's condition.
   */
  async init(): Promise<Printed> {
    const printed = await this.json("init");
    await this.s3.send(new DeleteBucketPolicyCommand({ Bucket: String(printed.bucket) }));
    return printed;
  }

  /** Puts a verdict where the host would; by default one on the document that it should have applied. */
  async say(
    host: string,
    verdict: { readonly ready: boolean; readonly words: readonly string[]; document?: string },
  ): Promise<void> {
    const [bucket = ""] = this.ids(BUCKET);
    const [, applied] =
      this.account.all(ASSOCIATION).find(([, { name }]) => name === `gpudev-${host}-apply`) ?? [];
    const { version } = applied?.inputs["parameters"] as { version: string };
    await this.s3.send(new CreateBucketCommand({ Bucket: bucket })).catch(() => undefined);
    const body = {
      schema: "gpudev.verdict/1",
      host,
      document: version,
      at: "2026-11-23T12:00:00Z",
      environments: {},
      state: verdict.ready ? "ready" : "not-ready",
      ...verdict,
    };
    await this.s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: `verdicts/${host}.json`,
        Body: JSON.stringify(body),
      }),
    );
  }

  cleanUp(): void {
    this.project.cleanUp();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
