import { z } from "zod";
import { bytes } from "./quantities";

const zone = z
  .string()
  .regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, "is no availability zone; write one such as eu-west-1a");

const cidr = z.cidrv4({ error: "is no IPv4 range; write it as 203.0.113.0/24" });

const amiId = z.string().regex(/^ami-[0-9a-f]+$/, "is no AMI id; it begins with ami-");

const clock = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "is no time of day; write it as 08:00, in quotes");

const DAY = "(MON|TUE|WED|THU|FRI|SAT|SUN)";

const networkSchema = z
  .strictObject({
    vpcId: z
      .string()
      .regex(/^vpc-[0-9a-f]+$/, "is no VPC id; it begins with vpc-")
      .optional()
      .meta({ description: "An existing VPC to use. Default: the stack makes a small one." }),
    subnetIds: z
      .array(z.string().regex(/^subnet-[0-9a-f]+$/, "is no subnet id; it begins with subnet-"))
      .optional()
      .meta({ description: "Subnets of that VPC, at most one a zone. Default: all of them." }),
    range: cidr
      .default("10.64.0.0/20")
      .meta({ description: "IPv4 range of the VPC that is made, /16 to /22." }),
    private: z.boolean().default(false).meta({
      description:
        "Hosts have no public address. By default they have one, and not a single inbound rule.",
    }),
    egress: z.enum(["nat", "endpoints"]).default("nat").meta({
      description:
        "How private hosts reach the world: a NAT gateway, or endpoints of the AWS services that gpudev needs and nothing else (no pip, no git).",
    }),
  })
  .meta({ title: "Network", description: "Where hosts stand." });

const rungSchema = z.strictObject({
  type: z
    .string()
    .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, "is no instance type; write one such as g6.xlarge")
    .meta({ description: "EC2 instance type." }),
  market: z.enum(["on-demand", "spot"]).default("on-demand").meta({
    description: "How it is bought. Spot instances are stopped when AWS takes them back.",
  }),
  zone: zone
    .optional()
    .meta({ description: "Availability zone. Default: the first that offers the type." }),
});

const hostsSchema = z
  .strictObject({
    ladder: z.array(rungSchema).min(1).optional().meta({
      description:
        "Instance types in the order in which to try them. Default: the cheapest types with `gpu.model` (L4 where none is named) and as many GPUs as the user who asks for most.",
    }),
    rung: z.int().min(0).default(0).meta({
      description:
        "Which step of the ladder is in use, from 0. Written by gpudev when AWS has no capacity on a higher one.",
    }),
    sharing: z.enum(["devices", "mig", "time-slicing"]).default("devices").meta({
      description:
        "How users share a host's GPUs: `devices` gives whole ones, `mig` slices with their own memory, `time-slicing` lets several use one GPU without any isolation.",
    }),
    migProfile: z
      .string()
      .regex(/^\dg\.\d+gb$/, "is no MIG profile; write one such as 3g.20gb")
      .optional()
      .meta({ description: "MIG profile that every GPU is cut into, for `sharing: mig`." }),
    usersPerHost: z.int().min(1).max(512).optional().meta({
      description:
        "Most users on one host. Default: its GPUs or MIG slices; with time-slicing four for each GPU.",
    }),
    rootVolume: bytes.prefault("100GiB").meta({
      description: "Root volume of each host; the image lies there or on instance store.",
    }),
    ami: z
      .strictObject({
        kind: z.enum(["deep-learning", "ubuntu"]).default("deep-learning").meta({
          description:
            "`deep-learning`: AWS's Base OSS AMI, which brings driver, Docker and toolkit. `ubuntu`: plain Ubuntu 24.04, where gpudev installs driver branch 580, Docker and toolkit.",
        }),
        id: amiId.optional().meta({
          description:
            "The AMI in use. Written by gpudev once and changed only by `gpudev upgrade`.",
        }),
      })
      .prefault({})
      .meta({ title: "AMI", description: "What hosts boot." }),
    driverModules: z.enum(["open", "proprietary"]).default("open").meta({
      description:
        "Flavour of NVIDIA's kernel modules. `proprietary` turns the GSP firmware off: for g4dn and g5 whose GPUs hang (Xid 119, 120), and needed for V100.",
    }),
    capacityReservation: z
      .string()
      .regex(/^cr-[0-9a-f]+$/, "is no capacity reservation; it begins with cr-")
      .optional()
      .meta({ description: "On-demand capacity reservation to run in." }),
    capacityBlock: z
      .string()
      .regex(/^cr-[0-9a-f]+$/, "is no Capacity Block; it begins with cr-")
      .optional()
      .meta({ description: "Capacity Block for ML to run in." }),
  })
  .meta({ title: "Hosts", description: "The machines." });

const restoredSchema = z.strictObject({
  zone: zone.meta({ description: "Zone of the volume." }),
  snapshot: z
    .string()
    .regex(/^snap-[0-9a-f]+$/, "is no snapshot id; it begins with snap-")
    .meta({ description: "Snapshot to make the volume from; counts only while it is made." }),
  size: bytes.meta({
    title: "amount of memory",
    description: "Size of the volume that the snapshot was taken of.",
  }),
});

const trialSchema = z
  .strictObject({
    host: z.int().min(0).optional().meta({
      description: "Number of the host that tries it. Absent: no host does any more.",
    }),
    ami: amiId.optional().meta({ description: "AMI of that host; the others keep theirs." }),
    held: z
      .strictObject({
        image: z
          .string()
          .regex(/@sha256:[0-9a-f]{64}$/, "is no image by digest; it ends with @sha256:…")
          .meta({ description: "Image, by digest." }),
        driverMin: z.string().meta({ description: "Oldest driver that runs it." }),
      })
      .optional()
      .meta({ title: "Held image", description: "What all other hosts go on running." }),
  })
  .meta({
    title: "Trial",
    description: "An upgrade that one host tries first. Written and removed by `gpudev upgrade`.",
  });

const homesSchema = z
  .strictObject({
    kind: z.enum(["volume", "efs"]).default("volume").meta({
      description:
        "`volume`: one encrypted gp3 volume for each host, which stays in its zone. `efs`: a file system that follows users to another zone, slower.",
    }),
    size: bytes.prefault("100GiB").meta({ description: "Quota of each user's home." }),
    zone: zone.optional().meta({
      description:
        "Zone of the homes. Written by gpudev once a home exists; a home moves only by being restored from a snapshot.",
    }),
    restored: z
      .record(
        z.string().regex(/^host-\d+$/, "is no host; write host-0, host-1 and so on"),
        restoredSchema,
      )
      .default({})
      .meta({
        description:
          "Hosts whose homes were restored from a snapshot. Written by `gpudev restore`.",
      }),
    snapshotsKept: z
      .int()
      .min(1)
      .max(365)
      .default(7)
      .meta({ description: "Daily snapshots that are kept." }),
  })
  .meta({ title: "Homes", description: "Where users' files are; they outlive everything." });

const accessSchema = z
  .strictObject({
    directFrom: z.array(cidr).default([]).meta({
      description:
        "IPv4 ranges that may reach Jupyter (by https) and SSH without SSM. Default: none, and then there is no inbound rule.",
    }),
    allowWorld: z.boolean().default(false).meta({
      description: "Says on purpose that `directFrom` may hold the whole internet.",
    }),
    domain: z
      .string()
      .regex(
        /^(?=.{4,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/,
        "is no domain name; write one such as gpu.example.com",
      )
      .optional()
      .meta({
        description:
          "Domain whose names `host-0.<domain>`, `host-1.<domain>` … point at the hosts; certificates then come by ACME. Default: a private CA.",
      }),
  })
  .meta({ title: "Access", description: "How users get in. By default through SSM alone." });

const hoursSchema = z.strictObject({
  start: clock.default("08:00").meta({ title: "time of day", description: "Hosts start." }),
  stop: clock.default("19:00").meta({ title: "time of day", description: "Hosts stop." }),
  days: z
    .string()
    .regex(new RegExp(`^${DAY}([-,]${DAY})*$`), "is no list of days; write MON-FRI, or MON,WED,FRI")
    .default("MON-FRI")
    .meta({ title: "days of the week", description: "Days on which they start." }),
  timezone: z
    .string()
    .regex(/^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)*$/, "is no time zone; write one such as Europe/Berlin")
    .default("UTC")
    .meta({ description: "Time zone of both, as IANA names it." }),
});

const budgetSchema = z.strictObject({
  monthlyUsd: z
    .number()
    .positive()
    .meta({ description: "USD a month; beyond it hosts are stopped." }),
  notify: z
    .array(z.email({ error: "is no e-mail address; write one such as ops@example.com" }))
    .min(1)
    // AWS Budgets takes ten e-mail subscribers for a notification.
    .max(10)
    .meta({ description: "Who is told at 80 % and at 100 %, ten addresses at most." }),
});

const dataSchema = z.strictObject({
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is no bucket name; write it without s3://")
    .meta({ description: "S3 bucket." }),
  prefix: z
    .string()
    .regex(/^[^/].*\/$/, "is no key prefix; end it with / and begin it without")
    .optional()
    .meta({ description: "Only what begins with this. Default: the whole bucket." }),
  write: z.boolean().default(false).meta({
    description:
      "Lets each user write there too, below a folder of the user's own name and by the lent credentials alone; the mount stays read-only.",
  }),
});

/** Settings of the target `aws`: the section `gpudev:aws`. */
export const awsSchema = z
  .strictObject({
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "is no AWS region; write one such as eu-west-1")
      .meta({ description: "AWS region." }),
    accounts: z
      .array(z.string().regex(/^\d{12}$/, "is no AWS account; write its twelve digits in quotes"))
      .default([])
      .meta({ description: "Accounts that the stack may be made in. Default: any." }),
    zones: z.array(zone).min(1).optional().meta({
      description: "Zones to use. Default: those of the region that offer a type of the ladder.",
    }),
    tags: z
      .record(z.string(), z.string())
      .default({})
      .meta({ description: "Tags on every resource, beside gpudev's own." }),
    permissionsBoundary: z
      .string()
      .regex(
        /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/.+$/,
        "is no ARN of an IAM policy; write arn:aws:iam::<account>:policy/<name>",
      )
      .optional()
      .meta({ description: "Permissions boundary of every role that is made." }),
    network: networkSchema.prefault({}),
    hosts: hostsSchema.prefault({}),
    homes: homesSchema.prefault({}),
    trial: trialSchema.optional(),
    access: accessSchema.prefault({}),
    wait: z.boolean().default(true).meta({
      description: "`up` waits until hosts have applied their documents and are ready.",
    }),
    budget: budgetSchema.optional().meta({
      title: "Budget",
      description:
        "Monthly budget with alert and stop. It counts by cost tags, which must be active and lag by a day.",
    }),
    hours: hoursSchema.optional().meta({
      title: "Working hours",
      description: "When hosts run. Default: until they are idle.",
    }),
    image: z
      .strictObject({
        repository: z
          .string()
          .regex(
            /^[a-z0-9]+([._/-][a-z0-9]+)*$/,
            "is no ECR repository name; write it without registry and tag",
          )
          .optional()
          .meta({
            description: "Existing ECR repository to push to. Default: the stack makes one.",
          }),
      })
      .prefault({})
      .meta({ title: "Image repository", description: "Where the image is pushed." }),
    data: z.array(dataSchema).default([]).meta({
      description:
        "Data sets in S3, mounted read-only below /data in every environment. Each user is also lent S3 credentials for them, which hold for an hour and are renewed.",
    }),
    livePrices: z.boolean().default(false).meta({
      description: "Ask AWS for prices instead of using the dated table of us-east-1.",
    }),
    state: z
      .strictObject({
        bucket: z
          .string()
          .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is no bucket name; write it without s3://")
          .optional()
          .meta({
            description:
              "S3 bucket that holds the state, in the stack's region. Written by `gpudev init`, which makes it.",
          }),
        key: z
          .string()
          .regex(
            /^(alias\/[A-Za-z0-9/_-]+|arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)\/.+)$/,
            "is no KMS key; write an alias such as alias/gpudev-state, or its ARN",
          )
          .optional()
          .meta({
            description:
              "KMS key that encrypts the state and its secrets. Written by `gpudev init`, which makes it.",
          }),
        allowLocal: z.boolean().default(false).meta({
          description:
            "Says on purpose that Pulumi's state may lie in a file on this machine instead of S3.",
        }),
      })
      .prefault({})
      .meta({ title: "State", description: "Where Pulumi keeps state." }),
  })
  .meta({ title: "AWS", description: "Settings of the target `aws`." });

export type AwsSettings = z.output<typeof awsSchema>;

/** An upgrade that one host tries first. */
export type Trial = NonNullable<AwsSettings["trial"]>;
