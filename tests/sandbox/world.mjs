/** Who and what there is: accounts, drives, a group, a site with a library. Names and ids are made up and stable. */
import { Drive } from "./drive.mjs";

const SITE_HOST = "contoso.sharepoint.com";
const MY_HOST = "contoso-my.sharepoint.com";
export const TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47";
export const CONSUMER_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad";
export const GROUP_ID = "02bd9fd6-8f93-4758-87c3-1fb73740a315";
export const SITE_ID = `${SITE_HOST},da60e844-ba1d-49bc-b4d4-d5e36bae9019,712a596e-90a1-49e3-9b48-bfa80bee8740`;
export const LIST_ID = "1a0a4e0f-5b1c-4c61-9d84-3f2d8e9a7b60";

const ANA = {
  name: "ana",
  id: "48d31887-5fad-4d73-a9f5-3c356e68a038",
  displayName: "Ana Example",
  userPrincipalName: "ana@contoso.com",
};
const BO = {
  name: "bo",
  id: "6e7b768e-07e2-4810-8459-485f84f8f204",
  displayName: "Bo Example",
  userPrincipalName: "bo@contoso.com",
};

/** Where a work account's own drive is shown. */
function personalPath({ userPrincipalName }) {
  return `/personal/${userPrincipalName.replaceAll(/[@.]/g, "_")}`;
}

/** Two persons, their drives, and what work accounts share. `kind` is that of the persons' own drives. */
export class World {
  constructor({ kind, style }) {
    this.kind = kind;
    this.style = style;
    this.drives = new Map(); // by the name that the control API uses
    this.ids = new Map();
    this.accounts = new Map([ANA, BO].map((account) => [account.name, { ...account, kind }]));
    this.shared = []; // [drive, item] that somebody shares with everybody
    this.#ownDrive("me", this.accounts.get("ana"), 1);
    this.#ownDrive("bo", this.accounts.get("bo"), 2);
    this.addLibrary("group", 3, { place: `https://${SITE_HOST}/sites/teamgroup/Shared%20Documents` });
    this.addLibrary("site", 4, { siteId: SITE_ID, listId: LIST_ID, place: `https://${SITE_HOST}/sites/team/Shared%20Documents` });
    this.groups = [{ id: GROUP_ID, displayName: "Team", drive: this.drives.get("group") }];
    this.sites = [
      {
        id: SITE_ID,
        name: "team",
        displayName: "Team site",
        host: SITE_HOST,
        path: "/sites/team",
        lists: [{ id: LIST_ID, displayName: "Documents", drive: this.drives.get("site") }],
      },
    ];
    this.personalSites = [...this.accounts.values()].map((account) => ({
      id: `${MY_HOST},${account.id},${account.id}`,
      displayName: account.displayName,
      host: MY_HOST,
      path: personalPath(account),
      lists: [{ id: account.id, displayName: "Documents", drive: account.drive }],
    }));
    this.hiddenDrives = kind === "personal" ? ["b4f3a1c0d2e59687", "7c1de93b5a0f2648"] : [];
  }

  /** A further library; tests that need many drives make them. */
  addLibrary(name, number, more = {}) {
    const owner = { id: GROUP_ID, displayName: "Team" };
    return this.#add(name, number, { kind: "business", driveType: "documentLibrary", owner, ...more });
  }

  /** The drive of an id as requests carry it; Personal ids come in any case and without leading zeros. */
  driveById(id) {
    return this.ids.get(normalDriveId(id)) ?? null;
  }

  /** The drive of a control request: its name, its id, or nothing for "me". */
  driveNamed(name = "me") {
    const drive = this.drives.get(name) ?? this.driveById(name);
    if (drive === null) throw new Error(`no drive is called ${name}`);
    return drive;
  }

  isHidden(id) {
    return this.hiddenDrives.includes(normalDriveId(id));
  }

  #ownDrive(name, account, number) {
    const owner = { id: account.id, displayName: account.displayName };
    const place = this.kind === "personal" ? `https://onedrive.live.com/${name}` : `https://${MY_HOST}${personalPath(account)}/Documents`;
    account.drive = this.#add(name, number, { kind: this.kind, driveType: this.kind, owner, place });
  }

  #add(name, number, about) {
    const digit = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number % 26];
    const businessId = `b!WSWlJL1W9kyaAvz7NLW_npCY43r3-FhEj6kFGpp_XlO${digit}${number}`;
    const personalId = (0x024470056f5c3e43n + BigInt(number) * 0x1000001n).toString(16).padStart(16, "0");
    const drive = new Drive({
      name,
      id: about.kind === "personal" ? personalId : businessId,
      style: about.kind === "personal" ? this.style : "new",
      code: `WHAE${digit}${"234567"[number % 6]}`,
      salt: 0x51ed270b ^ Math.imul(number, 0x9e3779b1),
      webUrl: about.place ?? `https://${SITE_HOST}/sites/team/${encodeURIComponent(name)}`,
      ...about,
    });
    this.drives.set(name, drive);
    this.ids.set(normalDriveId(drive.id), drive);
    return drive;
  }
}

function normalDriveId(id) {
  return /^[0-9a-f]{1,16}$/i.test(id) ? id.toLowerCase().padStart(16, "0") : id;
}
