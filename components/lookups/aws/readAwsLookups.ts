import * as path from "node:path";
import { EC2Client } from "@aws-sdk/client-ec2";
import { DescribeRepositoriesCommand, ECRClient } from "@aws-sdk/client-ecr";
import { PricingClient } from "@aws-sdk/client-pricing";
import { GetServiceQuotaCommand, ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import {
  AMIS,
  findGpus,
  findInstanceType,
  INSTANCE_TYPES,
  type InstanceType,
  quotaOf,
} from "../../catalog";
import type { AwsSettings } from "../../settings/awsSchema";
import type { Settings } from "../../settings/schema";
import { readBase } from "../base";
import { dockerClient } from "../docker";
import { contextHash, readLocks } from "../imageContext";
import type { Answer } from "../model";
import { packageRoot } from "../paths";
import { ask, isMissing } from "./ask";
import {
  readAmiDetails,
  readInstances,
  readOfferings,
  readReservation,
  readVolumes,
  readZones,
} from "./ec2";
import type { AwsLookups } from "./model";
import { readPrices } from "./prices";
import { readVpc, readVpcs } from "./vpcs";

/** Region of the price list's own service. */
const PRICING_REGION = "us-east-1";
/** GPU of the default ladder. */
const DEFAULT_MODEL = "L4";

/** Settings that lookups are made for. */
type AwsTarget = Settings & { readonly aws: AwsSettings };

/** The types that the plan may choose among: the ladder's, else all with the model. */
function candidates({ aws, gpu }: AwsTarget): readonly InstanceType[] {
  const { ladder } = aws.hosts;
  if (ladder !== undefined) {
    const names = new Set(ladder.map(({ type }) => type));
    return [...names].flatMap((type) => findInstanceType(type) ?? []);
  }
  const models = findGpus(gpu.model ?? DEFAULT_MODEL).map(({ model }) => model);
  return INSTANCE_TYPES.filter(({ gpuModel }) => models.includes(gpuModel));
}

/** Codes of the quotas that the ladder's steps count against. */
function quotaCodes({ aws }: AwsTarget, types: readonly InstanceType[]): string[] {
  const steps =
    aws.hosts.ladder?.map(({ type, market }) => [findInstanceType(type), market] as const) ??
    types.map((type) => [type, "on-demand"] as const);
  return [
    ...new Set(
      steps.flatMap(([type, market]) => (type === undefined ? [] : quotaOf(type, market).code)),
    ),
  ].toSorted();
}

interface Clients {
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
  readonly quotas: ServiceQuotasClient;
  readonly ecr: ECRClient;
  readonly pricing: PricingClient;
}

async function readQuota(
  { quotas }: Clients,
  QuotaCode: string,
  abortSignal: AbortSignal,
): Promise<number> {
  const { Quota } = await quotas.send(
    new GetServiceQuotaCommand({ ServiceCode: "ec2", QuotaCode }),
    { abortSignal },
  );
  if (Quota?.Value === undefined) throw new Error(`Service Quotas gave no value for ${QuotaCode}`);
  return Quota.Value;
}

async function readAmi({ ssm }: Clients, parameter: string, abortSignal: AbortSignal) {
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: parameter }), {
    abortSignal,
  });
  const id = Parameter?.Value;
  if (id === undefined) throw new Error(`the parameter ${parameter} is empty`);
  return { id, parameter };
}

async function readRepository(
  { ecr }: Clients,
  name: string,
  abortSignal: AbortSignal,
): Promise<boolean> {
  try {
    await ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [name] }), { abortSignal });
    return true;
  } catch (problem) {
    if (isMissing(problem)) return false;
    throw problem;
  }
}

/** A stack without an id has made nothing yet. */
function ownVolumes({ seats }: AwsTarget, { ec2 }: Clients, signal: AbortSignal) {
  return seats.id === undefined ? Promise.resolve([]) : readVolumes(ec2, seats.id, signal);
}

/** What is asked of the account, or why not. */
type AccountAnswers = Omit<
  AwsLookups,
  "time" | "region" | "base" | "imageContextHash" | "locks" | "account"
>;

async function askAll(settings: AwsTarget, clients: Clients, now: Date): Promise<AccountAnswers> {
  const { aws } = settings;
  const { ec2 } = clients;
  const types = candidates(settings);
  const names = types.map(({ type }) => type);
  const reservation = aws.hosts.capacityBlock ?? aws.hosts.capacityReservation;
  const { vpcId } = aws.network;
  const { repository } = aws.image;
  const vpcsAsked = ask((signal) => readVpcs(ec2, signal));
  const vpcAsked = vpcsAsked.then((vpcs) => {
    if (vpcId === undefined) return undefined;
    if (!vpcs.known) return vpcs;
    return ask((signal) => readVpc(ec2, vpcs.value, aws.region, vpcId, signal));
  });
  const codes = quotaCodes(settings, types);
  const recorded = aws.hosts.ami.id;
  const recordedAsked =
    recorded === undefined ? undefined : ask((signal) => readAmiDetails(ec2, recorded, signal));
  const [quotas, instances, zones, offerings, ami, vpcs, vpc, volumes, kept, reserved, prices] =
    await Promise.all([
      Promise.all(codes.map((code) => ask((signal) => readQuota(clients, code, signal)))),
      ask((signal) => readInstances(ec2, signal)),
      ask((signal) => readZones(ec2, signal)),
      ask((signal) => readOfferings(ec2, names, signal)),
      ask((signal) => readAmi(clients, AMIS[aws.hosts.ami.kind].parameter, signal)),
      vpcsAsked,
      vpcAsked,
      ask((signal) => ownVolumes(settings, clients, signal)),
      repository === undefined
        ? undefined
        : ask((signal) => readRepository(clients, repository, signal)),
      reservation === undefined
        ? undefined
        : ask((signal) => readReservation(ec2, reservation, signal)),
      aws.livePrices
        ? ask((signal) => readPrices(ec2, clients.pricing, aws.region, names, now, signal))
        : undefined,
    ]);
  const recordedAmi = await recordedAsked;
  return {
    ...(recordedAmi === undefined ? {} : { recordedAmi }),
    quotas: Object.fromEntries(codes.map((code, at) => [code, quotas[at] ?? silent("not asked")])),
    instances,
    zones,
    offerings,
    ami,
    vpcs,
    volumes,
    ...(vpc === undefined ? {} : { vpc }),
    ...(kept === undefined ? {} : { repository: kept }),
    ...(reserved === undefined ? {} : { reservation: reserved }),
    ...(prices === undefined ? {} : { prices }),
  };
}

const silent = (because: string): Answer<never> => ({ known: false, because });

/** Every answer of an account that cannot be asked. */
function noAnswers(settings: AwsTarget, because: string): AccountAnswers {
  const no = silent(because);
  const { aws } = settings;
  const codes = quotaCodes(settings, candidates(settings));
  return {
    quotas: Object.fromEntries(codes.map((code) => [code, no])),
    instances: no,
    zones: no,
    offerings: no,
    ami: no,
    ...(aws.hosts.ami.id === undefined ? {} : { recordedAmi: no }),
    vpcs: no,
    volumes: no,
    ...(aws.network.vpcId === undefined ? {} : { vpc: no }),
    ...(aws.image.repository === undefined ? {} : { repository: no }),
    ...((aws.hosts.capacityBlock ?? aws.hosts.capacityReservation) === undefined
      ? {}
      : { reservation: no }),
    ...(aws.livePrices ? { prices: no } : {}),
  };
}

async function askAccount(settings: AwsTarget, now: Date) {
  const { region } = settings.aws;
  const sts = new STSClient({ region, maxAttempts: 2 });
  const account = await ask(async (abortSignal) => {
    const { Account = "", Arn = "" } = await sts.send(new GetCallerIdentityCommand({}), {
      abortSignal,
    });
    return { id: Account, arn: Arn };
  });
  if (!account.known) return { account, ...noAnswers(settings, account.because) };
  // Found once and shared, so that a profile's login is not gone through by every client.
  const common = { region, maxAttempts: 2, credentials: sts.config.credentials };
  const clients: Clients = {
    ec2: new EC2Client(common),
    ssm: new SSMClient(common),
    quotas: new ServiceQuotasClient(common),
    ecr: new ECRClient(common),
    pricing: new PricingClient({ ...common, region: PRICING_REGION }),
  };
  return { account, ...(await askAll(settings, clients, now)) };
}

/**
 * Asks AWS everything that the plan decides by, side by side and each question with a time limit.
 * Without credentials nothing more is asked and every answer says why. Endpoints come from
 * AWS_ENDPOINT_URL where that is set.
 * @throws Error where the package's own image folder is not there
 */
export async function readAwsLookups(settings: AwsTarget): Promise<AwsLookups> {
  // The SDK's notice on Node releases is for whoever keeps gpudev, not for whoever runs it.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const now = new Date();
  const images = path.join(packageRoot(), "images", "pytorch-cuda");
  const baseAsked = dockerClient(settings.docker.host).then((docker) =>
    readBase(docker, settings.image.base),
  );
  const [account, base, imageContextHash, locks] = await Promise.all([
    askAccount(settings, now),
    baseAsked,
    contextHash(images),
    readLocks(images),
  ]);
  return {
    time: now.toISOString(),
    region: settings.aws.region,
    ...account,
    base,
    imageContextHash,
    locks,
  };
}
