/** An AMI that hosts can boot. */
export interface Ami {
  readonly kind: "deep-learning" | "ubuntu";
  /** Public SSM parameter that names the newest one. */
  readonly parameter: string;
  /** What its owner calls every AMI of the kind; a copy of one's own may have any name. */
  readonly named: RegExp;
  /** Ubuntu release. */
  readonly release: string;
  /** NVIDIA driver that a host gets: what the AMI brings, or the branch that gpudev installs. */
  readonly driver: string;
  /** NVIDIA container toolkit that a host gets; absent where gpudev installs it. */
  readonly toolkit?: string;
  readonly asOf: string;
  readonly source: string;
}

/** Read 2026-11-22. The newest AMI of a parameter moves on; what a host really has, its ready gate checks. */
export const AMIS: Readonly<Record<Ami["kind"], Ami>> = {
  "deep-learning": {
    kind: "deep-learning",
    named: /^Deep Learning (Base )?OSS Nvidia Driver/,
    parameter:
      "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id",
    release: "24.04",
    driver: "595.91.07",
    toolkit: "1.20.1",
    asOf: "2026-10-09",
    source: "release notes of the AWS Deep Learning Base OSS AMI, Ubuntu 24.04",
  },
  ubuntu: {
    kind: "ubuntu",
    named: /^ubuntu\/images\//,
    parameter: "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
    release: "24.04",
    driver: "580.95.05",
    asOf: "2026-11-22",
    source: "Canonical's public parameters; NVIDIA driver branch 580 from Ubuntu's archive",
  },
};
