/** A branch of NVIDIA's Linux driver: the first number of its versions. */
export interface DriverBranch {
  readonly branch: number;
  /** Month of its end (YYYY-MM); absent where it has ended or goes on without a date that we know. */
  readonly until?: string;
  /** True where it gets no fixes any more. */
  readonly ended: boolean;
}

/** Read 2026-11-22 from NVIDIA's page on supported data centre drivers and from Ubuntu's package pages. */
const DRIVER_BRANCHES: readonly DriverBranch[] = [
  { branch: 535, until: "2026-06", ended: true },
  { branch: 550, ended: true },
  { branch: 570, until: "2026-02", ended: true },
  { branch: 575, ended: true },
  { branch: 580, until: "2028-08", ended: false },
];

/** The branch of a driver version such as `570.124.06`; absent where the table has no word on it. */
export function driverBranch(version: string): DriverBranch | undefined {
  const branch = Number.parseInt(version, 10);
  return DRIVER_BRANCHES.find((row) => row.branch === branch);
}
