// The currency and the country that forms begin with, as somebody chose them in Settings.
import { store, stored } from "./stored.js";

const PLACE = "defaults";

export const defaults = () => ({ currency: "USD", country: "", ...stored(PLACE, {}) });
export const setDefaults = (news) => store(PLACE, { ...defaults(), ...news });
