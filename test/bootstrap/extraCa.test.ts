import * as tls from "node:tls";
import { describe, expect, it } from "vitest";
import { caFiles, chooseCa, holdsOthers } from "../../cli/bootstrap/extraCa";
import { lostCertificates, pemBlocks } from "../../cli/bootstrap/keepCertificates";

const SYSTEM = "/etc/ssl/certs/ca-certificates.crt";
const [own = "", other = ""] = tls.rootCertificates;
const roots = [own];

describe("caFiles", () => {
  it.each([
    [{}, [SYSTEM]],
    [{ SSL_CERT_FILE: "/a.pem" }, ["/a.pem", SYSTEM]],
    [
      { SSL_CERT_FILE: "/a.pem", NODE_EXTRA_CA_CERTS: "/b.pem", PIP_CERT: "/a.pem" },
      ["/b.pem", "/a.pem", SYSTEM],
    ],
    [{ PIP_CERT: SYSTEM, CURL_CA_BUNDLE: "" }, [SYSTEM]],
  ])("of %j are %j", (env, files) => {
    expect(caFiles(env)).toEqual(files);
  });
});

describe("holdsOthers", () => {
  it.each([
    [own, false],
    [`${own}\n${other}`, true],
    ["no certificate", false],
  ])("case %#", (pem, others) => {
    expect(holdsOthers(pem, roots)).toBe(others);
  });
  it("cuts a bundle into its certificates", () => {
    expect(pemBlocks(`# one\n${own}\n# two\n${other}\n`)).toHaveLength(2);
  });
});

describe("lostCertificates", () => {
  it.each([
    ["", own, []],
    [own, own, []],
    [`${own}\n${other}`, `${other}\n${own}`, []],
    [`${own}\n${other}\n`, `# new\n${own}\n`, [other]],
    [own, "", [own]],
  ])("case %#", (before, after, lost) => {
    expect(lostCertificates(before, after)).toEqual(lost);
  });
});

describe("chooseCa", () => {
  const named = { file: "/a.pem", pem: other };
  const system = { file: SYSTEM, pem: `${own}\n${other}` };
  it.each([
    ["public CAs suffice", [named, system], "public", undefined],
    ["a file that is named on purpose", [named, system], "private", "/a.pem"],
    ["the system's bundle, which has the private CA", [system], "private", SYSTEM],
    ["nothing to go by: the system's bundle does not count", [system], "unknown", undefined],
    ["nothing to go by: a named file counts", [named, system], "unknown", "/a.pem"],
    ["a file that is not there", [{ file: "/gone.pem" }, system], "private", SYSTEM],
    ["a file with nothing new", [{ file: "/a.pem", pem: own }], "private", undefined],
  ] as const)("%s", (_title, candidates, trust, file) => {
    expect(chooseCa(candidates, trust, roots)).toBe(file);
  });
});
