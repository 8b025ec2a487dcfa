// Island name -> component, for the server's rendering and for hydration alike.
import Banner from "./svelte/Banner.svelte";
import Header from "./svelte/Header.svelte";
import Listing from "./svelte/Listing.svelte";
import PaperPage from "./svelte/PaperPage.svelte";

export const ISLANDS = {
  MainHeader: Header,
  DailyPapersBannerSubscribe: Banner,
  DailyPapers: Listing,
  PaperContent: PaperPage,
};
