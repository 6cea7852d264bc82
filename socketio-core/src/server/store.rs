//! Values, one per type: what an application keeps for one client.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Value = Arc<dyn Any + Send + Sync>;

pub(crate) struct Store {
    /// `None` when the client is gone: what comes late is not kept.
    values: Mutex<Option<Vec<Value>>>,
}

impl Store {
    pub(crate) fn save<T: Send + Sync + 'static>(&self, value: T) {
        // The value that is replaced is dropped after the lock: its destructor is the user's.
        let _old = put::<T>(&mut self.lock(), Arc::new(value));
    }

    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.lock().iter().flatten().find_map(|value| value.clone().downcast().ok())
    }

    /// Runs `edit` on a copy, and again if somebody else changed the value meanwhile.
    pub(crate) fn edit<T: Clone + Default + Send + Sync + 'static>(&self, mut edit: impl FnMut(&mut T)) {
        loop {
            let before = self.get::<T>();
            let mut value = before.as_deref().cloned().unwrap_or_default();
            edit(&mut value);
            let value = Arc::new(value);
            let mut values = self.lock();
            let now = values.iter().flatten().find_map(|value| value.clone().downcast::<T>().ok());
            let unchanged = match (&before, &now) {
                (Some(before), Some(now)) => Arc::ptr_eq(before, now),
                (None, None) => true,
                _ => false,
            };
            if unchanged {
                let old = put::<T>(&mut values, value);
                drop(values);
                drop((old, now));
                return;
            }
        }
    }

    pub(crate) fn clear(&self) {
        // Dropped after the lock.
        let _values = self.lock().take();
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Value>>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What has to be dropped.
fn put<T: Send + Sync + 'static>(values: &mut Option<Vec<Value>>, value: Value) -> Option<Value> {
    let Some(values) = values else { return Some(value) };
    match values.iter_mut().find(|old| old.is::<T>()) {
        Some(old) => Some(std::mem::replace(old, value)),
        None => {
            values.push(value);
            None
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Store { values: Mutex::new(Some(Vec::new())) }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("values", &self.lock().as_ref().map(Vec::len)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_of_each_type_is_kept() {
        let store = Store::default();
        store.save(1_u8);
        store.save("a");
        store.save(2_u8);
        assert_eq!(store.get::<u8>().as_deref(), Some(&2));
        assert_eq!(store.get::<&str>().as_deref(), Some(&"a"));
        assert_eq!(store.get::<u16>(), None);
    }

    #[test]
    fn what_is_saved_after_the_end_is_not_kept() {
        let store = Store::default();
        store.save(1_u8);
        store.clear();
        store.save(2_u8);
        store.edit(|value: &mut u8| *value = 3);
        assert_eq!(store.get::<u8>(), None);
    }

    #[test]
    fn no_edit_is_lost_when_many_edit_at_once() {
        let store = Store::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..500).for_each(|_| store.edit::<u32>(|value| *value += 1)));
            }
        });
        assert_eq!(store.get::<u32>().as_deref(), Some(&2000));
    }
}
