// What somebody may: roles, stores and the limit of adjustments. Single permissions that he has besides stay his.
import { api, got, type Schemas } from "@jifen/api";
import { useAsked, useFrame, useSay } from "@jifen/ui";
import { isWork, PERMISSIONS, ROLES, useSaid, WORK } from "../../said.ts";

export interface May {
  roles: string[];
  permissions: string[];
  stores: string[];
  limit: string;
}

export function emptyMay(): May {
  return { roles: [], permissions: [], stores: [], limit: "" };
}

export function mayOf(one: Schemas["OperatorAnswer"]): May {
  return { roles: one.roles, permissions: one.own_permissions, stores: one.stores ?? [], limit: one.adjustment_units_max === null ? "" : String(one.adjustment_units_max) };
}

export function toSend(may: May): Schemas["MayBody"] {
  const limit = may.limit.trim();
  return {
    roles: may.roles,
    permissions: may.permissions,
    ...(may.stores.length > 0 ? { stores: may.stores } : {}),
    ...(/^\d{1,10}$/.test(limit) ? { adjustment_units_max: parseInt(limit, 10) } : {}),
  };
}

function without(list: string[], one: string): string[] {
  return list.includes(one) ? list.filter((each) => each !== one) : [...list, one];
}

/** `roles` are those of people unless it is a key's; `showsSingle` lets single permissions be chosen too. */
export function MayFields({ may, onChange, roles = WORK, showsSingle = false }: { may: May; onChange: (may: May) => void; roles?: readonly string[]; showsSingle?: boolean }) {
  const say = useSay();
  const { language } = useFrame();
  const word = useSaid();
  const stores = useAsked("stores", () => got(api.GET("/v1/stores")));
  const named = (stores.data?.data ?? []).map((one) => one.code);
  const known = named.length === 0 ? [] : [...new Set([...named, ...may.stores])]; // a programme that takes any store names none
  const nameOf = (code: string) => stores.data?.data.find((one) => one.code === code)?.names[language] ?? code;
  const adjusts = may.roles.some((role) => ROLES[role]?.permissions.includes("units.adjust")) || may.permissions.includes("units.adjust");
  return (
    <>
      <fieldset className="choices">
        <legend>{say("operator.roles")}</legend>
        {roles.map((role) => (
          <label key={role}>
            <input type="checkbox" checked={may.roles.includes(role)} onChange={() => onChange({ ...may, roles: without(may.roles, role) })} />
            <span>
              {isWork(role) ? say(`role.${role}`) : <span className="code">{role}</span>} <span className="small soft">{ROLES[role]?.[language]}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {showsSingle ? (
        <details open={may.permissions.length > 0}>
          <summary>{say("key.single")}</summary>
          <fieldset className="choices">
            <legend className="away">{say("key.single")}</legend>
            {PERMISSIONS.map((permission) => (
              <label key={permission}>
                <input type="checkbox" checked={may.permissions.includes(permission)} onChange={() => onChange({ ...may, permissions: without(may.permissions, permission) })} />
                <span><span className="code">{permission}</span> <span className="small soft">{word("permissions", permission)}</span></span>
              </label>
            ))}
          </fieldset>
        </details>
      ) : null}
      {known.length > 0 ? (
        <fieldset className="choices">
          <legend>{say("key.stores")}</legend>
          <p className="small soft">{say("operator.stores_none")}</p>
          <div className="choices-many">
            {known.map((code) => (
              <label key={code}>
                <input type="checkbox" checked={may.stores.includes(code)} onChange={() => onChange({ ...may, stores: without(may.stores, code) })} />
                <span>{nameOf(code)}</span>
              </label>
            ))}
          </div>
        </fieldset>
      ) : (
        <label className="field">
          <span>{say("key.stores")}</span>
          <input
            className="input"
            defaultValue={may.stores.join(", ")}
            onChange={(event) => onChange({ ...may, stores: event.target.value.split(/[,，]/).map((one) => one.trim()).filter(Boolean) })}
          />
          <small className="soft">{say("operator.stores_none")}</small>
        </label>
      )}
      {adjusts ? (
        <label className="field">
          <span>{say("key.limit")}</span>
          <input className="input" inputMode="numeric" pattern="\d{0,10}" value={may.limit} onChange={(event) => onChange({ ...may, limit: event.target.value })} />
          <small className="soft">{say("operator.limit_means")}</small>
        </label>
      ) : null}
    </>
  );
}
