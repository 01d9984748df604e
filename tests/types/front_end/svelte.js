import { mount as put, unmount } from "svelte";
import Posts from "./svelte/src/Posts.svelte";

export function mount(at) {
  const posts = put(Posts, { target: at });
  return () => unmount(posts);
}
