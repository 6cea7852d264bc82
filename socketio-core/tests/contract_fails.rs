//! Each fact of the contract can fail: brokers with one flaw each, and the facts that notice it.
#![cfg(feature = "contract")]

mod flawed;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use socketio_core::adapter::contract;
use socketio_core::adapter::memory::MemoryHub;

use self::flawed::{Flaw, Flawed, FlawedOptions};

/// The fact holds of a broker without a flaw, and of none with one of these. Flaws behind `keeps` are those of a broker that keeps
/// frames, behind `forgets` of one that does not; the others are tried on either.
macro_rules! noticed {
    ($($fact:ident($($cut:ident)?)
        [$($flaw:ident)*] $(keeps[$($keeps:ident)*])? $(forgets[$($forgets:ident)*])?;)*) => { $(
        #[tokio::test(start_paused = true)] // who waits for a frame that never comes need not wait
        async fn $fact() {
            async fn holds<const KEEPS: bool>(flaw: Flaw) -> bool {
                let options = FlawedOptions::new(&format!("fails-{}-{KEEPS}", stringify!($fact)), flaw);
                $(let $cut = async || options.hub().cut();)?
                let fact = contract::$fact::<Flawed<KEEPS>>(&options $(, &$cut)?);
                AssertUnwindSafe(fact).catch_unwind().await.is_ok()
            }
            assert!(holds::<true>(Flaw::None).await && holds::<false>(Flaw::None).await);
            let either: &[Flaw] = &[$(Flaw::$flaw),*];
            for &flaw in either.iter().chain(&[$($(Flaw::$keeps),*)?]) {
                assert!(!holds::<true>(flaw).await, "{flaw:?} of a broker that keeps");
            }
            for &flaw in either.iter().chain(&[$($(Flaw::$forgets),*)?]) {
                assert!(!holds::<false>(flaw).await, "{flaw:?} of a broker that forgets");
            }
        }
    )* };
}

noticed! {
    frames_of_a_sender_arrive_in_order()[Swaps HoldsBack Doubles LosesOne];
    a_batch_arrives_whole()[LosesTheTail Swaps OneChannelABatch FailsOnNothing];
    senders_keep_their_order_side_by_side()[Swaps HoldsBack Doubles LosesOne];
    every_byte_comes_through()[WantsText SkipsEmpty EndsAtNul];
    a_megabyte_comes_through()[CutsAt64K LargeOnesLast];
    a_frame_over_the_limit_does_not_cut_the_link()
        [LimitIsOneTooHigh DiesOfTheLimit CountsTheRefused];
    nothing_is_missed_once_subscribed()[SubscribesLate] keeps[StartsEarly];
    every_feed_hears_every_frame()[DeafToItself TakesTurns];
    channels_do_not_hear_each_other()[HearsPrefixes];
    a_feed_hears_all_its_channels()[HearsOneChannel NamesTheFirst];
    listeners_are_counted_where_the_broker_can()[CountsNobody CountsThree CountsAllChannels CountNeverFalls];
    a_node_that_says_goodbye_starts_anew()[GoodbyeCutsAll] keeps[KeepsAfterGoodbye];
    a_cursor_is_valid_before_the_first_frame()[]
        keeps[NoCursor NoEarlyCursor IgnoresCursor] forgets[GivesACursor];
    a_feed_goes_on_from_its_cursor()[]
        keeps[NoCursor IgnoresCursor CursorIsBehind CursorIsAhead LosesOneOfAQueue] forgets[GivesACursor];
    a_cut_ends_the_feed(cut)[FeedOutlivesTheLink];
    a_publish_over_a_cut_link_fails_and_counts_honestly(cut)[PublishesIntoTheVoid] keeps[CountsWhatIsLost];
    a_feed_goes_on_behind_a_cut(cut)[] keeps[IgnoresCursor CursorIsBehind CursorIsAhead LosesOneOfAQueue];
}

#[tokio::test]
async fn a_queue_may_repeat_what_it_was_not_yet_told_to_be_heard_and_take_more_than_its_limit() {
    for flaw in [Flaw::Repeats, Flaw::NoLimit] {
        let options = FlawedOptions::new("fails-not", flaw);
        contract::run::<Flawed<true>>(options.clone()).await;
        contract::run_cut::<Flawed<true>>(options.clone(), async || options.hub().cut()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_address_is_an_error_within_15_seconds() {
    async fn holds(flaw: Flaw) -> bool {
        let url = |_address| format!("{flaw:?}:{}", contract::PASSWORD);
        let fact = contract::run_dead::<Flawed<false>>(url);
        AssertUnwindSafe(fact).catch_unwind().await.is_ok()
    }
    let away = MemoryHub::named(flawed::AWAY);
    away.refuse(true);
    assert!(holds(Flaw::None).await);
    for flaw in [Flaw::ConnectsToNobody, Flaw::ConnectsSlowly, Flaw::TellsThePassword, Flaw::ShowsThePassword]
    {
        assert!(!holds(flaw).await, "{flaw:?}");
    }
}

#[tokio::test]
async fn a_run_panics_with_the_name_of_the_fact_and_what_was_heard() {
    let fact = contract::run::<Flawed<true>>(FlawedOptions::new("fails-name", Flaw::SkipsEmpty));
    let panic = AssertUnwindSafe(fact).catch_unwind().await.unwrap_err();
    let words = panic.downcast_ref::<String>().unwrap();
    let (start, end) = (
        "every_byte_comes_through: heard 259 frames, of 260 to be heard; where \"\" (0 bytes, on contract-",
        ")",
    );
    assert!(words.starts_with(start) && words.ends_with(end), "{words}");
}
