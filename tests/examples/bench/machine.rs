//! Machine and date of the measurements, and the resources that this process used.

use std::fs;

use crate::Outcome;

/// Date, machine, load and command.
pub fn header() -> Outcome<String> {
    let command = std::env::args().collect::<Vec<_>>().join(" ");
    let cores = std::thread::available_parallelism()?;
    Ok(format!(
        "genlock bench, {}\nMachine: {}, {cores} cores, {}; load average {}\nCommand: {command}\n",
        utc_now()?,
        processor(),
        instruction_set(),
        load_average()?,
    ))
}

/// Over 1, 5 and 15 minutes. Other load on the machine affects the figures.
pub fn load_average() -> Outcome<String> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| "an unnamed processor".to_owned(), |(_, name)| name.to_owned())
}

fn utc_now() -> Outcome<String> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs() as libc::time_t;
    // SAFETY: a zeroed tm is valid, and both pointers are valid during the call.
    let tm = unsafe {
        let mut tm = std::mem::zeroed::<libc::tm>();
        libc::gmtime_r(&now, &mut tm);
        tm
    };
    let (year, month) = (tm.tm_year + 1900, tm.tm_mon + 1);
    Ok(format!("{year}-{month:02}-{:02} {:02}:{:02} UTC", tm.tm_mday, tm.tm_hour, tm.tm_min))
}

/// Seconds of CPU time that this process has used so far, in user and kernel, over all threads.
pub fn process_cpu_s() -> f64 {
    // SAFETY: a zeroed rusage is valid during the call, which cannot fail for this process.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// Resident memory of this process, in 10⁶ bytes.
pub fn resident_mb() -> f64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = text.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    // SAFETY: only reads a number.
    pages * unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as f64 / 1e6
}

/// The widest instructions that are relevant to networks.
fn instruction_set() -> &'static str {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let flags = text.lines().find_map(|line| line.strip_prefix("flags")).unwrap_or_default();
    let has = |flag: &str| flags.split_whitespace().any(|known| known == flag);
    let known = [("amx_bf16", "AMX"), ("avx512_bf16", "AVX-512 with bf16"), ("avx512f", "AVX-512"), ("avx2", "AVX2")];
    known.into_iter().find(|(flag, _)| has(flag)).map_or("less than AVX2", |(_, name)| name)
}
