/** What our own pages may ask: popup, options and welcome. Each message is answered by one use case. */

import { FROM_OWN } from "../../messages.js";
import { acceptOwnEvent } from "../accept-event.js";
import { addInterests, exportAccount, leave, listDevices, listTopics, removeTopic, revokeDevice } from "../account.js";
import { listDeadLetters, settleDeadLetter } from "../dead-letters.js";
import { forgetEvents, forgetMatching, listLedger } from "../deletion.js";
import { listHidden } from "../hidden.js";
import { listLateSources } from "../late-sources.js";
import { findSaved, listLibrary } from "../library.js";
import { readListSettings, setListSettings } from "../list-settings.js";
import { connect, findWhose, probe } from "../pairing.js";
import { setPause } from "../pauses.js";
import { setPreferences } from "../preferences.js";
import { recommend, searchPapers } from "../recommendations.js";
import { flushNow } from "../queue.js";
import { openReaderPage } from "../reader-pages.js";
import { readStatus } from "../status.js";
import { importUpvotes } from "../upvotes.js";

/** Answer with nothing but that it is done. @param {Promise<unknown>} work */
const whenDone = async (work) => {
  await work;
  return {};
};

/** @type {Record<string, (message: any) => Promise<object>>} */
export const ownPageHandlers = {
  [FROM_OWN.status]: async ({ tab }) => ({ status: await readStatus(tab) }),
  [FROM_OWN.pairProbe]: ({ address, plain_http_ok }) => probe(address, plain_http_ok),
  [FROM_OWN.pairWhose]: findWhose,
  [FROM_OWN.pairConnect]: connect,
  [FROM_OWN.preferencesSet]: async (message) => ({ settings: await setPreferences(message) }),
  [FROM_OWN.pause]: (message) => whenDone(setPause(message)),
  [FROM_OWN.ledgerList]: listLedger,
  [FROM_OWN.ledgerDelete]: ({ ids }) => forgetEvents(ids),
  [FROM_OWN.forget]: forgetMatching,
  [FROM_OWN.hiddenList]: listHidden,
  [FROM_OWN.act]: acceptOwnEvent,
  [FROM_OWN.deadList]: listDeadLetters,
  [FROM_OWN.deadSettle]: ({ id, retry }) => whenDone(settleDeadLetter(id, retry)),
  [FROM_OWN.recommend]: ({ limit }) => recommend(limit),
  [FROM_OWN.lateSources]: listLateSources,
  [FROM_OWN.search]: ({ q }) => searchPapers(q),
  [FROM_OWN.libraryList]: ({ refresh }) => listLibrary(refresh === true),
  [FROM_OWN.libraryFind]: ({ q }) => findSaved(String(q)),
  [FROM_OWN.openPage]: ({ page }) => whenDone(openReaderPage(page)),
  [FROM_OWN.devicesList]: listDevices,
  [FROM_OWN.devicesRevoke]: ({ id }) => whenDone(revokeDevice(id)),
  [FROM_OWN.upvotesImport]: ({ accept }) => importUpvotes(accept),
  [FROM_OWN.listSettingsGet]: readListSettings,
  [FROM_OWN.listSettingsSet]: ({ change }) => whenDone(setListSettings(change)),
  [FROM_OWN.interestsList]: listTopics,
  [FROM_OWN.interestsAdd]: ({ interests }) => addInterests(interests),
  [FROM_OWN.interestsRemove]: ({ list, topic }) => removeTopic(list, String(topic)),
  [FROM_OWN.exportAll]: exportAccount,
  [FROM_OWN.leave]: leave,
  [FROM_OWN.flush]: flushNow,
};
