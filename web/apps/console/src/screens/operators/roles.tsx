// What each role may: words in cells, by what the API guards. Made from the table of permissions, so that it cannot say less.
import { useSay } from "@jifen/ui";
import { PERMISSIONS, ROLES, useSaid, WORK } from "../../said.ts";

export function WhatRolesMay() {
  const say = useSay();
  const word = useSaid();
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label={say("settings.permissions")}>
      <table className="table dense keep matrix" aria-label={say("operator.what_roles")}>
        <thead>
          <tr>
            <th scope="col">{say("settings.permissions")}</th>
            {WORK.map((role) => <th scope="col" key={role}>{say(`role.${role}`)}</th>)}
          </tr>
        </thead>
        <tbody>
          {PERMISSIONS.map((permission) => (
            <tr key={permission}>
              <th scope="row" title={permission}>{word("permissions", permission)}</th>
              {WORK.map((role) => (
                <td key={role}>{ROLES[role]?.permissions.includes(permission) ? say("operator.may") : <span className="soft">{say("operator.may_not")}</span>}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
