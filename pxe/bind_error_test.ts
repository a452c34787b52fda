import { equal, ok } from "node:assert/strict";
import { AddressNotHere, bindError, type BindTarget, NoRightsForPort, PortInUse } from "./bind_error.ts";

const target: BindTarget = { what: "TFTP", protocol: "UDP", address: "10.0.0.2", port: 69, flag: "--tftp-port" };

Deno.test("bindError() names port, cause and remedy (issue 3, part 8)", () => {
  const cases: [Error, new () => Error, string][] = [
    [
      new Deno.errors.AddrInUse(),
      PortInUse as never,
      "cannot serve TFTP: UDP port 69 on 10.0.0.2 is in use; stop who has it (ss -ulpn 'sport = :69' names it) or choose another --tftp-port",
    ],
    [
      Object.assign(new Error("listen EADDRNOTAVAIL"), { code: "EADDRNOTAVAIL" }),
      AddressNotHere as never,
      "cannot serve TFTP: no interface of this host has the address 10.0.0.2",
    ],
    [
      new Deno.errors.PermissionDenied(),
      NoRightsForPort as never,
      "cannot serve TFTP: UDP port 69 on 10.0.0.2 is not for everybody: run as root, grant CAP_NET_BIND_SERVICE, or choose a --tftp-port above 1023",
    ],
    [
      new Deno.errors.AddrNotAvailable(),
      AddressNotHere as never,
      "cannot serve TFTP: no interface of this host has the address 10.0.0.2",
    ],
  ];
  for (const [error, kind, message] of cases) {
    const explained = bindError(error, target) as Error;
    ok(explained instanceof kind);
    equal(explained.message, message);
  }
});

Deno.test("bindError() leaves other errors as they are", () => {
  const error = new Error("no");
  equal(bindError(error, target), error);
});
