/** The direction of imports: settings, catalog, lookups <- plan <- targets <- index.ts and cli. */
const targets = "^components/(aws|image|workstation)/";

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "components-stand-alone",
      comment: "The library knows nothing of the command or the program.",
      severity: "error",
      from: { path: "^components/" },
      to: { path: "^(cli/|index\\.ts$|test/)" },
    },
    {
      name: "catalog-is-the-floor",
      severity: "error",
      from: { path: "^components/catalog/" },
      to: { path: "^components/(?!catalog/)" },
    },
    {
      name: "settings-below-plan",
      severity: "error",
      from: { path: "^components/settings/" },
      to: { path: "^components/(?!settings/|catalog/)" },
    },
    {
      name: "lookups-below-plan",
      severity: "error",
      from: { path: "^components/lookups/" },
      to: { path: "^components/(?!lookups/|settings/|catalog/)" },
    },
    {
      name: "plan-takes-lookups-as-data",
      comment: "The plan sees what was looked up, never how.",
      severity: "error",
      from: { path: "^components/plan/" },
      to: { path: "^components/lookups/(?!(aws/)?model)" },
    },
    {
      name: "plan-is-pure",
      comment: "No Pulumi and no I/O where decisions are made. Hashing is arithmetic.",
      severity: "error",
      from: { path: "^components/(plan|catalog)/" },
      to: { path: "@pulumi|^(node:)?(fs|child_process|os|net|http|https|dns)$" },
    },
    {
      name: "plan-below-targets",
      severity: "error",
      from: { path: "^components/(plan|endpoints)/" },
      to: { path: targets },
    },
    {
      name: "targets-do-not-meet",
      comment:
        "Targets and the image are put together in components/deploy.ts, and in the component that is a whole team.",
      severity: "error",
      from: { path: targets, pathNot: "^components/aws/teamEnvironment\\.ts$" },
      to: { path: targets, pathNot: "^components/$1/" },
    },
    {
      name: "providers-stand-alone",
      comment: "The bundled providers are programs of their own.",
      severity: "error",
      from: { path: "^cli/providers/" },
      to: {
        path: "^(cli/(?!providers/)|components/(?!lookups/(command|turns|executables)|catalog/labels))",
      },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["require", "node", "default"],
    },
  },
};
